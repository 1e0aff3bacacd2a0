// « Sur place »: who came by a code of the house sees the screens of the room. Their phone shows no
// picture until it is asked for: two thousand of them would take the venue's network down.

import { keep, recall } from "../kept";

const NAME = "on-site";
const DAY = 12 * 3600 * 1000; // ms for which one is there

/** Whether this device is there, by the address or because it came by a code earlier today. */
export function onSite(): boolean {
  if (new URLSearchParams(location.search).has("sur-place")) keep(NAME, Date.now() + DAY);
  const until = recall(NAME, 0);
  return until > Date.now() && until <= Date.now() + DAY;
}

/** One watches from elsewhere after all. */
export function elsewhere(): void {
  keep(NAME, null);
  const address = new URL(location.href);
  address.searchParams.delete("sur-place");
  history.replaceState(null, "", address);
}
