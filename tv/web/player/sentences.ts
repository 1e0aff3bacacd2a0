// What was said, in whole sentences: cues are cut to be read, sentences to be quoted. Pure.

import type { Cue } from "../protocol";

const SILENCE = 3; // seconds that end a sentence
const LONGEST = 280; // characters

export interface Sentence {
  id: string; // of its first cue, and its rank there
  start: number;
  cues: string[];
  text: string;
  speaker: string; // where somebody else begins to speak
}

export function sentences(cues: Cue[]): Sentence[] {
  const found: Sentence[] = [];
  let open: Sentence | null = null;
  let heardUntil = Number.POSITIVE_INFINITY;
  let speaking = ""; // who was last known to speak
  for (const cue of cues) {
    const other = cue.speaker !== "" && cue.speaker !== speaking;
    if (other || cue.start - heardUntil > SILENCE) open = null;
    speaking = cue.speaker || speaking;
    heardUntil = cue.end;
    const text = cue.lines.join(" ").replace(/\s+/g, " ").trim();
    let rank = 0;
    for (const piece of text.split(/(?<=[.?!…][ \u00a0\u202f»]*)\s+(?=[\p{Lu}«–])/u)) {
      if (!piece) continue;
      if (!open) {
        const speaker = other && rank === 0 ? cue.speaker : "";
        open = { id: `${cue.id}.${rank}`, start: cue.start, cues: [], text: "", speaker };
        found.push(open);
      }
      if (open.cues.at(-1) !== cue.id) open.cues.push(cue.id);
      open.text = open.text ? `${open.text} ${piece}` : piece;
      if (/[.?!…][ \u00a0\u202f»]*$/.test(piece) || open.text.length > LONGEST) open = null;
      rank += 1;
    }
  }
  return found;
}
