// What the API says of a talk that is over: its replay, its transcript, its film.

import { call } from "./api";
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
  start: number;
  end: number;
  duration: number;
  reviewed: boolean;
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

/** Set the marks of a replay; null: the talk's own. */
export function trim(talk: string, marks: { start: number | null; end: number | null }) {
  return call<{ marks: Span | null }>("POST", `/api/v1/talks/${talk}:trim`, marks);
}
