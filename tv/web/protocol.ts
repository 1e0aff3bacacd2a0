// What the socket brings (`/ws`, protocol version 1), as types. Documented with the API.

export type Instant = number | string; // broadcast seconds, or RFC 3339

export interface Talk {
  kind: "talk";
  id: string;
  channel: string;
  title: string;
  speakers: string[];
  state: "scheduled" | "live" | "ended" | "replay" | "cancelled";
  started_at: Instant | null;
  ended_at: Instant | null;
}

export interface Anchor {
  media_time: number;
  cues: string[];
  quote: string;
}

export type QuestionState =
  "pending" | "approved" | "live" | "answered" | "rejected" | "merged" | "withdrawn";

export interface Question {
  kind: "question";
  id: string;
  talk: string;
  state: QuestionState;
  body: string;
  author: string;
  support: number;
  asked_at: Instant;
  anchor: Anchor | null;
  taken_at: Instant | null;
  answered_at: Instant | null;
  reason?: string | null;
  merged_into?: string | null;
}

export interface Poll {
  kind: "poll";
  id: string;
  talk: string;
  type: string;
  state: "draft" | "open" | "closed" | "published";
  prompt: string;
  round: number;
  options: { id: string; text: string }[];
  counts: { option: string; votes: number }[] | null; // null: hidden from this audience
  ballots: number;
}

export interface Cue {
  kind: "cue";
  id: string;
  revision: number;
  start: number;
  end: number;
  lines: string[];
  speaker: string;
}

export interface Source {
  slot: "primary" | "backup";
  kind: string;
  connected: boolean;
  on_air: boolean;
  advice: string[];
  width: number;
  height: number;
  frame_rate: number;
  bitrate: number;
  keyframe_interval: number;
  drift: number;
}

export type CaptionState = "on" | "late" | "interrupted" | "off";

export interface Channel {
  kind: "channel";
  id: string;
  name: string;
  on_air: "primary" | "backup" | "slate";
  since: number | null;
  captions: CaptionState;
  viewers: number;
  sources?: Source[]; // for the crew, as the next one
  captions_reason?: string; // why there are none
}

export interface Mine {
  kind: "me";
  id: string;
  questions: Question[];
  supports: string[];
  ballots: Record<string, { round: number; choices: string[] }>;
}

export type Item = Talk | Question | Poll | Cue | Channel | Mine;

export interface Word {
  text: string;
  start: number;
  end: number;
}

export interface Welcome {
  type: "welcome";
  version: number;
  now: number;
  role: string;
  participant: string | null;
  name: string;
}

export interface View {
  type: "view";
  topic: string;
  version: string;
  reset: boolean;
  items: Item[];
  removed: string[]; // "kind:id"
}

export interface Partial {
  type: "partial";
  channel: string;
  words: Word[];
}

export type Message = Welcome | View | Partial;
