// What the API says of a talk that is over: its replay, its transcript, its film.

import { call } from "./api";
import type { Synthesis } from "./lab_items";
import type { Cue, Poll, Question, Span } from "./protocol";

export interface Chapter {
  kind: "talk" | "question" | "poll" | "synthesis";
  id: string;
  title: string;
  start: number; // broadcast seconds, as all times here
  end: number;
}

export interface Replay {
  id: string;
  title: string;
  speakers: string[];
  channel: string;
  state: "ended" | "replay";
  complete: boolean; // false: its last seconds are still being written
  playlist: string; // addresses, as the next four
  captions: { vtt: string; srt: string; txt: string; json: string };
  transcript: string;
  thumbnails: string;
  film: string;
  chapters: Chapter[];
  questions: Question[];
  polls: Poll[];
  syntheses: Synthesis[]; // that were told in it
  start: number;
  end: number;
  duration: number;
  reviewed: boolean;
}

/** How far a film is. */
export interface Making {
  id?: string; // of a clip
  state: string; // "none", "waiting", "making", "ready", "failed"
  progress: number; // 0 to 1
  url?: string | null;
  detail?: string | null;
}

export interface Said {
  text: string;
  start: number;
  end: number;
}

export interface Sentence {
  start: number;
  end: number;
  text: string;
  words: Said[];
}

export interface Paragraph {
  id: string;
  start: number;
  speaker: string;
  sentences: Sentence[];
}

export function replayOf(talk: string): Promise<Replay> {
  return call("GET", `/api/v1/talks/${encodeURIComponent(talk)}/replay`);
}

export async function paragraphsOf({ transcript }: Replay): Promise<Paragraph[]> {
  return (await call<{ paragraphs: Paragraph[] }>("GET", transcript)).paragraphs;
}

export async function cuesOf({ captions }: Replay): Promise<Cue[]> {
  return (await call<{ items: Cue[] }>("GET", captions.json)).items;
}

/** A film that is made when it is asked for: once, however often that is. */
export interface FilmOrder {
  ask(): Promise<Making>;
  look(asked: Making): Promise<Making>; // how far it is
}

export function filmOf(talk: string): FilmOrder {
  const address = `/api/v1/talks/${encodeURIComponent(talk)}/film`;
  return { ask: () => call("POST", address, {}), look: () => call("GET", address) };
}

/** A part of a replay as a film of its own. */
export function clipOf(talk: string, span: Span): FilmOrder {
  const address = `/api/v1/talks/${encodeURIComponent(talk)}/clips`;
  return {
    ask: () => call("POST", address, span),
    look: ({ id }) => call("GET", `${address}/${id}`),
  };
}

/** Set the marks of a replay; null: the talk's own. */
export function trim(talk: string, marks: { start: number | null; end: number | null }) {
  return call<{ marks: Span | null }>("POST", `/api/v1/talks/${talk}:trim`, marks);
}
