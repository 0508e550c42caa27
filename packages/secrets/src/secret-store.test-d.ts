import { createRedactor, type Secrets, secretsFromValues } from './index.js';

const secrets: Secrets<'apiKey' | 'token'> = secretsFromValues({ apiKey: 'x', token: 'y' });

const value: string | undefined = secrets.get('apiKey');
const required: string = secrets.require('token');
const chosen: Readonly<Partial<Record<'token', string>>> = secrets.select('token');
// @ts-expect-error The component declares no such secret.
secrets.get('password');
// @ts-expect-error The component declares no such secret.
secrets.require('password');
// @ts-expect-error What was not selected is not there.
void secrets.select('token').apiKey;
// @ts-expect-error A value may be missing.
const certain: string = secrets.get('apiKey');
// @ts-expect-error What is selected cannot be changed.
secrets.select('token').token = 'x';

const text: string = createRedactor([])('text');
// @ts-expect-error Objects come back as something to look into.
const object: { readonly a: string } = createRedactor([])({ a: 'x' });

export const used = [value, required, chosen, certain, text, object];
