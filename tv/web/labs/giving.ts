// The dots that somebody gives to ideas, with what has not left the device yet.

import type { Cafe, OwnIdeas } from "../lab_items";
import type { Letter } from "../outbox";
import { given, itemOf } from "../parts/idea_views";
import type { Person } from "../person";

export const CONTRIBUTIONS = "/api/v1/contributions";

export interface Giving {
  dots: Record<string, number>; // by idea
  left: number; // to give in this session
}

/** What they gave in any session, and what is left to them in this one. */
export function giving(
  { id: cafe, dots: all }: Cafe,
  own: OwnIdeas | undefined,
  letters: readonly Letter[],
): Giving {
  const sent = own?.dots ?? {};
  const unsent = letters.filter(
    ({ what, note }) => what === "dots" && (note as { cafe?: string } | undefined)?.cafe === cafe,
  );
  const dots = given(sent, unsent);
  let left = own?.dots_left?.[cafe] ?? all;
  for (const idea of new Set(unsent.map(({ path }) => itemOf(path)))) {
    left += (sent[idea] ?? 0) - (dots[idea] ?? 0);
  }
  return { dots, left: Math.max(0, left) };
}

/** Have an idea of this session have so many of theirs. */
export function give(person: Person, cafe: string, idea: string, dots: number): void {
  const path = `${CONTRIBUTIONS}/${idea}/dots`;
  person.send({ what: "dots", method: "PUT", path, body: { dots }, note: { cafe } });
}
