import type { FunctionsClient } from './functions.js';

interface Shop {
  readonly [id: string]: { readonly event: unknown; readonly data: unknown };
  readonly greet: {
    readonly event: { readonly name: string };
    readonly data: { readonly text: string };
  };
}

export async function checks(client: FunctionsClient<Shop>): Promise<void> {
  const { data } = await client.invoke('greet', { name: 'Ada' });
  const _text: string | undefined = data?.text;
  // @ts-expect-error The event of greet has a name.
  await client.invoke('greet', { title: 'Ada' });
  // @ts-expect-error The data of greet has a text, which is no number.
  const _number: number | undefined = data?.text;
}
