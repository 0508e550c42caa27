/** Records as services exchange them: members out of order, some floats, some characters beyond ASCII. */
export function documentOf(bytes) {
  const records = [];
  let size = 2;
  for (let index = 0; size < bytes; index++) {
    const record = {
      id: `evt_${(index * 2654435761) >>> 0}`,
      type: index % 3 === 0 ? 'order.created' : 'order.updated',
      created: 1_760_000_000 + index * 37,
      amount: (index * 7919) % 100_000,
      rate: ((index * 31) % 977) / 977,
      customer: {
        name: index % 7 === 0 ? 'Zoë Ångström' : 'Ada Lovelace',
        email: `c${index}@example.com`,
        vip: index % 5 === 0,
      },
      items: [
        { sku: `A-${index % 100}`, quantity: (index % 4) + 1, price: 1999 },
        { sku: `B-${index % 77}`, quantity: 1, price: 249.5 },
      ],
      note: index % 4 === 0 ? 'left at "door"\n' : null,
      tags: ['web', 'eu', `w${index % 9}`],
    };
    records.push(record);
    size += JSON.stringify(record).length + 1;
  }
  return records;
}
