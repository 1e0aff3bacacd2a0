// Bursts: many things from new devices of one network within a minute.

const WITHIN = 60; // seconds
const MANY = 10; // more than so many are a burst: an attack, or a room that all arrived just now

/** A thing with its sender, as moderators receive it. */
export interface Sent {
  id: string;
  device?: string; // a handle, "" where there is none
  arrival?: string; // a tag of its network, while it waits and its device was new
}

/** The ids of those that came in a burst; `at` says when each came, in seconds. */
export function burst<T extends Sent>(items: T[], at: (item: T) => number): string[] {
  const networks = new Map<string, T[]>();
  for (const item of items) {
    if (!item.arrival) continue;
    const sent = networks.get(item.arrival);
    if (sent) sent.push(item);
    else networks.set(item.arrival, [item]);
  }
  const found = new Set<string>();
  for (const sent of networks.values()) {
    const sorted = sent.sort((a, b) => at(a) - at(b));
    let first = 0; // of those within a minute of the one at hand
    let marked = 0;
    for (const [rank, item] of sorted.entries()) {
      while (at(sorted[first] as T) < at(item) - WITHIN) first += 1;
      if (rank - first < MANY) continue;
      for (marked = Math.max(marked, first); marked <= rank; marked += 1)
        found.add((sorted[marked] as T).id);
    }
  }
  return items.flatMap(({ id }) => (found.has(id) ? [id] : []));
}
