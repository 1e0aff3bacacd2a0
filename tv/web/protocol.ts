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
  captions_reviewed: boolean;
  recorded: boolean; // false: it is not to be recorded
  marks: Span | null; // of its replay
}

/** From one broadcast time to another. */
export interface Span {
  start: number;
  end: number;
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
  corrected: boolean; // by a person
  hidden?: boolean; // for the crew: nobody else is shown it
}

/** Who writes a channel's captions, and by which words: for the crew. */
export interface Captioning {
  kind: "captioning";
  id: string; // of the channel
  taken: Taken | null; // null: the machine writes
  speaker: string; // who was said to speak from now on, or ""
  talk: string; // the one that is live, or ""
  terms: string[]; // of its glossary
  own: string[]; // its title and speakers, which count as well
  event_terms: string[];
}

export interface Taken {
  by: string;
  at: Instant;
  source: "keyboard" | "stream";
}

/** « Remplacer toujours » */
export interface Rule {
  kind: "rule";
  id: string;
  heard: string;
  written: string;
  by: string;
  at: Instant;
}

export type Slot = "primary" | "backup";
export type Choice = "auto" | Slot | "slate";

/** A studio in its slot. 0, "" and null: not known (yet). Times are broadcast seconds. */
export interface Source {
  slot: Slot;
  kind: string; // "rtmp", "whip", "srt", "pull"
  connected: boolean;
  on_air: boolean;
  advice: string[]; // the worst first
  width: number;
  height: number;
  frame_rate: number; // measured
  announced_rate: number;
  bitrate: number; // bits per second
  keyframe_interval: number; // seconds
  reorders: boolean; // B-frames
  video: string; // codecs
  profile: string;
  sound: string;
  encoded: string; // why its picture is encoded here again
  since: number; // when it connected
  loudness: number | null; // LUFS
  black: number; // seconds for which it has been so
  silent: number;
  frozen: number;
  drift: number; // seconds
  lost: number; // packets
  round_trip: number; // seconds
}

export type CaptionState = "on" | "late" | "interrupted" | "off";

/** A feed by WebRTC: pictures with the RTP timestamp `rtp` are of the broadcast time `time`. */
export interface Feed {
  rtp: number;
  time: number;
  rate: number; // timestamps per second, modulo 2^32
  delay: number; // seconds behind the live feed
}

/** What is kept of a channel. Sizes in bytes, the rest in seconds. */
export interface Recording {
  state: "on" | "paused" | "off";
  reason: string; // why it stands still, or soon will
  since: number;
  seconds: number;
  size: number;
  missing: number; // what could not be recorded
  room: number | null; // what the disk still takes
}

export interface Channel {
  kind: "channel";
  id: string;
  name: string;
  on_air: Slot | "slate";
  since: number | null;
  interrupted: boolean; // the media process is away: what is said here may be over
  captions: CaptionState;
  captions_by: "machine" | "person";
  viewers: number;
  feeds: { live?: Feed; delayed?: Feed };
  rewind: boolean; // its talks are recorded: one can go back in them
  chosen?: Choice; // for the crew, as the next two
  sources?: Source[];
  captions_reason?: string; // why there are none
  recording?: Recording | null; // null: it is not recorded
  renditions?: { name: string; on: boolean; reason: string }[]; // beside the source, encoded here
}

export interface Restream {
  kind: "restream";
  id: string;
  channel: string;
  title: string;
  state: "off" | "connecting" | "on" | "waiting";
  since: number | null;
  bitrate: number; // bits per second
  dropped: number; // frames
  detail: string; // what went wrong
}

export interface Mine {
  kind: "me";
  id: string;
  questions: Question[];
  supports: string[];
  ballots: Record<string, { round: number; choices: string[] }>;
}

export type Item =
  Talk | Question | Poll | Cue | Captioning | Rule | Channel | Restream | Mine;

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
