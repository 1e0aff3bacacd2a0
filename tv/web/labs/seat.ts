// Saying where one is: polls compare laboratories by it, and a table knows who sits there.

import type { Cafe, OwnIdeas } from "../lab_items";
import type { Person } from "../person";

export const OWN = "me:cafe"; // the topic of what somebody does in the laboratories

/** What a scanned code adds to the address: whoever opens it is there. */
const HERE = "ici";

const SIT = ":sit"; // what is asked of a table

/** `table` is the id of the one where they sit, "" for none. It waits for the network if it must. */
export function settle(person: Person, lab: string, table = ""): void {
  const body = table ? { lab, table } : { lab };
  person.send({ what: "sit", method: "PUT", path: "/api/v1/participants/me", body });
  if (table) person.send({ what: "sit", method: "POST", path: sitting(table), topic: OWN });
}

/** Whether they sit at a table of this session, or are about to. */
export function seated(person: Person, { id }: Cafe, table: string): boolean {
  const own = person.own<OwnIdeas>("cafe");
  const going = person.deciding.findLast(({ path }) => path.endsWith(SIT));
  if (going) return going.path === sitting(table);
  return own?.table === table && own.seat?.cafe === id;
}

function sitting(table: string): string {
  return `/api/v1/tables/${table}${SIT}`;
}

/** Whether they came by a scanned code; the address does not say it twice. */
export function scanned(): boolean {
  const address = new URL(location.href);
  if (!address.searchParams.has(HERE)) return false;
  address.searchParams.delete(HERE);
  history.replaceState(null, "", address);
  return true;
}

/** The address of a table's page, for whoever goes and sits there. */
export function tableAddress(lab: string, number: number): string {
  return `/labo/${encodeURIComponent(lab)}/table/${number}?${HERE}`;
}
