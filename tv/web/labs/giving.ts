// The dots that somebody gives to ideas, with what has not left the device yet.

import type { Cafe, OwnIdeas } from "../lab_items";
import type { Letter } from "../outbox";
import { given, itemOf } from "../parts/idea_views";
import type { Person } from "../person";
import { MOST } from "./card";
import { OWN } from "./seat";

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

/** One dot more for an idea, or one fewer, as things are by now: fingers are quicker than what is drawn. */
export function give(person: Person, cafe: Cafe, idea: string, step: 1 | -1): void {
  const { dots, left } = giving(cafe, person.own<OwnIdeas>("cafe"), person.deciding);
  const wanted = (dots[idea] ?? 0) + step;
  if (wanted < 0 || wanted > MOST || (step > 0 && !left)) return;
  const path = `${CONTRIBUTIONS}/${idea}/dots`;
  const body = { dots: wanted };
  person.send({ what: "dots", method: "PUT", path, topic: OWN, body, note: { cafe: cafe.id } });
}
