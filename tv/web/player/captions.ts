// What captions to paint on the picture that is shown, and whole sentences for the transcript.
// Pure: cues and words in, lines out. Layout as the charter has it for live: three lines of forty.

import type { Cue, Word } from "../protocol";

const LINES = 3;
const WIDTH = 40; // characters
const AHEAD = 0.25; // seconds: a word may show this much before it is heard
const LINGER = 1.5; // seconds that a cue stays after its words
const STAY = 4; // seconds that words stay once they are here: they come later than the picture
const RUN_ON = 6; // seconds after which the cue before is out of date

export interface Arrived {
  cue: Cue;
  at: number; // when this page had its newest words
}

/**
 * As fast as possible: rolled up, words not yet settled at the end. `shown` is the moment of the
 * picture, `width` the characters that a line may have.
 */
export function fastest(
  cues: Arrived[],
  words: Word[],
  shown: number,
  now: number,
  width = WIDTH,
): string[] {
  const begun = cues.filter(({ cue }) => cue.start <= shown + AHEAD).slice(-2);
  const fresh = begun.filter(({ cue, at }) => shown < cue.end + LINGER || now < at + STAY);
  const loose = unsettled(words, begun.at(-1)?.cue).filter(({ start, end }) => {
    return start <= shown + AHEAD && end > shown - RUN_ON;
  });
  const lines = fresh.flatMap(({ cue }) => fitted(spoken(cue), width));
  const guessed = wrap(
    loose.map(({ text }) => text.trim()),
    width,
  );
  return [...lines, ...guessed].slice(-LINES);
}

/** The words that the newest cue does not have yet: it may come before it leaves the guess. */
function unsettled(words: Word[], cue: Cue | undefined): Word[] {
  if (!cue) return words;
  const settled = new Set(cue.lines.join(" ").split(" ").map(letters));
  return words.filter(({ text, start, end }) => {
    const within = (start + end) / 2 <= cue.end;
    return start >= cue.start && !(within && settled.has(letters(text.trim())));
  });
}

function letters(word: string): string {
  return word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** In step with the sound: the cue whose words are being heard. */
export function inStep(cues: Arrived[], shown: number, width = WIDTH): string[] {
  const current = cues.findLast(({ cue }) => cue.start <= shown)?.cue;
  return current && shown < current.end + 0.5 ? fitted(spoken(current), width) : [];
}

function spoken({ lines, speaker }: Cue): string[] {
  return speaker ? [`– ${lines[0] ?? ""}`, ...lines.slice(1)] : lines;
}

/** Lines as they were laid out, unless they are too long for large letters. */
function fitted(lines: string[], width: number): string[] {
  if (width >= WIDTH) return lines;
  return wrap(lines.join(" ").split(" "), width);
}

function wrap(words: string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

export interface Sentence {
  id: string; // of its first cue, and its rank there
  start: number;
  cues: string[];
  text: string;
}

const PAUSE = 3; // seconds of silence that end a sentence
const LONGEST = 280; // characters

/** Cues are cut to be read, sentences to be quoted. */
export function sentences(cues: Cue[]): Sentence[] {
  const found: Sentence[] = [];
  let open: Sentence | null = null;
  let heardUntil = Number.NEGATIVE_INFINITY;
  for (const cue of cues) {
    if (cue.start - heardUntil > PAUSE) open = null;
    heardUntil = cue.end;
    const text = cue.lines.join(" ").replace(/\s+/g, " ").trim();
    let rank = 0;
    for (const piece of text.split(/(?<=[.?!…][ \u00a0\u202f»]*)\s+(?=[\p{Lu}«–])/u)) {
      if (!piece) continue;
      if (!open) {
        open = { id: `${cue.id}.${rank}`, start: cue.start, cues: [], text: "" };
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
