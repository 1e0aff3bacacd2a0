// What captions to paint on the picture that is shown.
// Pure: cues and words in, lines out. Layout as the charter has it for live: three lines of forty.

import type { Cue, Word } from "../protocol";

const LINES = 3;
const WIDTH = 40; // characters
const AHEAD = 0.25; // seconds: a word may show this much before it is heard
const LINGER = 1.5; // seconds that a cue stays after its words
const STAY = 4; // seconds that words stay once they are here: they come later than the picture
const RUN_ON = 6; // seconds after which a guess is out of date
const PAUSE = 1; // seconds of silence after which words begin a line
const SENTENCE = 12; // characters from which a sentence ends its line
const LOOKED_BACK = 12; // cues: nobody speaks longer without a full stop
const ENDED = /[^\s.]{2}\s?[.?!…]+[\s»]*$/u; // and not the point of « M. »
const GLUED = /^-.|^[.,…?!]+$/; // to the word before it: « , », « -il »

export interface Arrived {
  cue: Cue;
  at: number; // when this page had its newest words
}

/**
 * As fast as possible: rolled up word by word, those not yet settled at the end. A word that was
 * painted keeps its place in its line. `shown` is the moment of the picture, `width` the characters
 * that a line may have.
 */
export function fastest(
  cues: Arrived[],
  words: Word[],
  shown: number,
  now: number,
  width = WIDTH,
): string[] {
  const last = cues.findLastIndex(({ cue }) => cue.start <= shown + AHEAD);
  const newest = cues[last]?.cue;
  let first = last + 1; // of the cues that still show
  while (first > Math.max(0, last + 1 - LINES) && shows(cues[first - 1] as Arrived, shown, now)) {
    first -= 1;
  }
  const lines = new Lines(width);
  let top = 0; // the line above which nothing shows: it only gave the others their place
  for (let rank = paragraph(cues, Math.min(first, last)); rank <= last; rank += 1) {
    const { cue } = cues[rank] as Arrived;
    if (opens(cues, rank)) lines.open();
    const line = lines.write([...named(cues, rank), ...cue.lines.join(" ").split(" ")]);
    if (rank === first) top = line;
  }
  const loose = unsettled(words, newest).filter(({ start, end }) => {
    return start <= shown + AHEAD && end > shown - RUN_ON;
  });
  if (newest && loose[0] && loose[0].start - newest.end > PAUSE) lines.open();
  const line = lines.write(loose.map(({ text }) => text.trim()));
  if (first > last) top = line;
  return lines.all.slice(Math.max(top, lines.all.length - LINES));
}

function shows({ cue, at }: Arrived, shown: number, now: number): boolean {
  return shown < cue.end + LINGER || now < at + STAY;
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

/** In step with the sound: the cue whose words are being heard, in the lines it was laid out in. */
export function inStep(cues: Arrived[], shown: number, width = WIDTH): string[] {
  const rank = cues.findLastIndex(({ cue }) => cue.start <= shown);
  const current = cues[rank]?.cue;
  if (!current || shown >= current.end + 0.5) return [];
  const [first = "", ...others] = current.lines;
  const lines = [[...named(cues, rank), first].join(" "), ...others];
  return lines.every(({ length }) => length <= width) ? lines : wrapped(lines.join(" "), width);
}

/** The rank of the cue that the line begins with in which the cue of this rank begins. */
function paragraph(cues: Arrived[], rank: number): number {
  const least = Math.max(0, rank - LOOKED_BACK);
  let first = Math.max(0, rank);
  while (first > least && !opens(cues, first)) first -= 1;
  return first;
}

/** Whether a cue begins a line: after a sentence, a pause, or somebody else. */
function opens(cues: Arrived[], rank: number): boolean {
  const cue = cues[rank]?.cue;
  const before = cues[rank - 1]?.cue;
  if (!cue || !before) return true;
  const said = before.lines.at(-1) ?? "";
  return cue.start - before.end > PAUSE || ENDED.test(said) || named(cues, rank).length > 0;
}

/** Who speaks, where it is known and another one than before. */
function named(cues: Arrived[], rank: number): string[] {
  const speaker = cues[rank]?.cue.speaker;
  if (!speaker) return [];
  const before = cues.slice(0, rank).findLast(({ cue }) => cue.speaker)?.cue.speaker;
  if (speaker === before) return [];
  return [`${before ? "–\u00a0" : ""}${speaker}\u00a0:`];
}

/** Lines that words are written in, one after the other. */
class Lines {
  readonly all: string[] = [];
  private opening = true;

  constructor(private readonly width: number) {}

  /** The next word begins a line. */
  open(): void {
    this.opening = true;
  }

  /** Returns the rank of the line in which the first of the words stands, or would. */
  write(words: string[]): number {
    let first = -1;
    for (const word of words.filter(Boolean)) {
      const last = this.all.length - 1;
      const line = this.all[last];
      const space = GLUED.test(word) ? "" : " ";
      const full = this.opening || (line ?? "").length + 1 + word.length > this.width;
      if (line === undefined || (space && full)) this.all.push(word);
      else this.all[last] = line + space + word;
      if (first < 0) first = this.all.length - 1;
      const written = this.all.at(-1) as string;
      this.opening = ENDED.test(written) && written.length >= SENTENCE;
    }
    return first < 0 ? this.all.length : first;
  }
}

function wrapped(text: string, width: number): string[] {
  const lines = new Lines(width);
  lines.write(text.split(" "));
  return lines.all;
}
