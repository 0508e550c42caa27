/** Does the work for every item, at most `atOnce` at a time; results are in the order of the items. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = new Array(items.length);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    // The workers share one iterator, so that every item is taken once.
    for (const [index, item] of queue) results[index] = await work(item);
  };
  const workers = Math.max(1, Math.min(items.length, Math.floor(atOnce) || 1));
  await Promise.all(Array.from({ length: workers }, worker));
  return results;
}
