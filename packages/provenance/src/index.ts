export { openLedger } from './ledger/open-ledger.js';
export { verifyLedger } from './ledger/verify-ledger.js';
