// What the page of ideas makes of what it is told: pure, one question each.

import { seconds } from "../french";
import type { Cafe, Idea, Synthesis } from "../lab_items";
import type { Letter } from "../outbox";
import type { Talk } from "../protocol";

/** The calls to show: the open ones first, then those that are closed, the newest first. */
export function callsIn(cafes: Cafe[]): Cafe[] {
  const opened = ({ opened_at }: Cafe) => seconds(opened_at) ?? 0;
  return cafes
    .filter(({ type, state }) => type === "call" && state !== "draft")
    .sort((a, b) => Number(b.state === "open") - Number(a.state === "open") || opened(b) - opened(a));
}

/** What was answered to a call and shows: what has most points first, then the newest. */
export function answersOf({ id }: Cafe, ideas: Idea[]): Idea[] {
  const shown = ({ shown_at, made_at }: Idea) => seconds(shown_at ?? made_at) ?? 0;
  return ideas
    .filter(({ cafe, state }) => cafe === id && state === "shown")
    .sort((a, b) => b.dots - a.dots || shown(b) - shown(a));
}

/** The dots that one gave by idea, with what has not left yet. */
export function given(dots: Record<string, number>, letters: readonly Letter[]) {
  const all = { ...dots };
  for (const { what, path, body } of letters) {
    if (what === "dots") all[itemOf(path)] = (body as { dots: number }).dots;
  }
  return all;
}

/** What was written and has not left: answers to a call, comments on a synthesis. */
export function unsentTo(letters: readonly Letter[], what: "idea" | "comment", of: string) {
  return letters
    .map((letter) => ({ ...letter, note: letter.note as { of?: string; text?: string } }))
    .filter((letter) => letter.what === what && letter.note?.of === of)
    .map(({ key, note }) => ({ key, text: note.text ?? "" }));
}

/** The id in « …/s_12/support ». */
export function itemOf(path: string): string {
  return path.split("/").at(-2) ?? "";
}

/** When it was told on the set last, and where one can see that again, "" for nowhere (yet). */
export function toldOn({ airings }: Synthesis, talks: Talk[]) {
  const last = airings.at(-1);
  if (!last) return null;
  const talk = talks.find(({ id }) => id === last.talk);
  const second = Math.floor(last.start - (talk?.marks?.start ?? last.start));
  const address =
    talk?.state === "replay" && talk.marks
      ? `/revoir/${encodeURIComponent(talk.id)}?t=${Math.max(0, second)}`
      : "";
  return { at: last.start, address };
}
