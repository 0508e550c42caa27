// What must compile, and what must not; checked by the compiler only.
import {
  exportRdf,
  type Ledger,
  type LedgerReceipt,
  localRunRecorder,
  openLedger,
  type ProvSession,
  type ProvSource,
  verifiedAction,
  verifyLedger,
} from './index.js';

declare const ledger: Ledger;
declare const session: ProvSession;
declare const source: ProvSource;

const receipt: Promise<LedgerReceipt> = ledger.append({ any: ['json', 1, null] });
void receipt;
// @ts-expect-error A body is JSON.
void ledger.append({ when: new Date(0) });
// @ts-expect-error Only actions and notes are appended by callers.
void ledger.append({}, { kind: 'close' });

ledger.on('entry', ({ index, hash }) => [index.toFixed(), hash.length]);
// @ts-expect-error There is no such event.
ledger.on('entries', () => undefined);
session.on('action', (record) => record.action_type.length);

// @ts-expect-error The policies are named.
void openLedger({ directory: '.', name: 'x', sync: 'always' });
// @ts-expect-error A ledger has a name.
void verifyLedger({ directory: '.' });

void exportRdf(source, { format: 'n-quads' });
// @ts-expect-error A format is named.
void exportRdf(source, { format: 'rdf/xml' });

void verifiedAction({ session, actionType: 'x', action: async () => 1, verify: () => true });
// @ts-expect-error An action is verified.
void verifiedAction({ session, actionType: 'x', action: () => 1 });

const recorder: {
  append(
    record: { readonly runId: string } & Parameters<
      ReturnType<typeof localRunRecorder>['append']
    >[0],
  ): Promise<void>;
} = localRunRecorder({ directory: '.engramkit' });
void recorder;
