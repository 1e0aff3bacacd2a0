// What the socket brings (`/ws`, protocol version 1), as types. Documented with the API.

import type { Alert } from "./alert_items";
import type { Cafe, Cluster, Comment, Idea, Pile, Progress, Sending, Synthesis, Table } from "./lab_items";
import type { Post, Wall } from "./wall_items";

export type Instant = number | string; // broadcast seconds, or RFC 3339

export interface Happening {
  kind: "happening";
  id: string;
  phase: "before" | "rehearsal" | "open" | "after";
  since: Instant | null;
}

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
  type: "conference" | "intervention" | "restitution" | "break";
  planned_start: Instant | null;
  planned_end: Instant | null;
  moved: { planned_start: Instant | null; room: string } | null; // what had been planned before
  room: string;
  lab: string;
  questions: "open" | "off";
  standing: boolean; // there without a schedule
  slow: number; // seconds from one question of a participant to the next, 0: as they like
  presenter_only_queued: boolean; // who presents airs what has a place in the queue alone
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
  edited: boolean; // a moderator worded it better
  author: string;
  table?: string; // the id of the table that asks, "" for a person
  from_room: boolean; // asked aloud
  badge?: string; // "crew" or "host" for who asks as such, or wrote it down in the room
  support: number;
  asked_at: Instant;
  anchor: Anchor | null;
  answer: string | null; // in writing
  taken_at: Instant | null;
  answered_at: Instant | null;
  reason?: string | null;
  merged_into?: string | null;
  original?: string | null; // for its author and the crew, as the two before
  labels?: string[]; // for the crew, as all that follow
  flags?: string[];
  queue?: number | null; // its turn, from 1 on
  support_aside?: number;
  near?: string[]; // ids of those that ask nearly the same, while it is pending
  device?: string; // a handle of who sent it, "" for none
  arrival?: string; // see parts/bursts.ts
}

export type PollKind =
  "single" | "multiple" | "rating" | "text" | "words" | "ranking" | "dots";

export type Votes = { option: string; votes: number }[];

/** Who of the crew looks at the question of this id. */
export interface Reading {
  kind: "reading";
  id: string;
  talk: string;
  by: string;
  name: string;
  until: Instant;
}

export interface Poll {
  kind: "poll";
  id: string;
  talk: string;
  type: PollKind;
  state: "draft" | "open" | "closed" | "published";
  prompt: string;
  round: number;
  options: { id: string; text: string }[];
  max_choices: number;
  counts: Votes | null; // null: hidden from this audience, as the next three
  words: { word: string; votes: number }[] | null; // given most
  mean: number | null; // of a rating
  labs: { lab: string; ballots: number | null; counts: Votes | null }[] | null; // at the end
  ballots: number;
  closes_at: Instant | null; // null: when somebody closes it
  closed_at: Instant | null;
  codes: boolean; // a ballot needs a voting code
  bursts?: Burst[]; // of this round, for the crew, as the next two
  hidden?: string[]; // words
  more_time?: number; // how many asked for it
}

/** Ballots of new devices that came together, from a network or from "*", many of them. */
export interface Burst {
  network: string;
  ballots: number;
  aside: boolean; // they do not count
}

/** What somebody wrote in a poll: for the crew until it is approved. */
export interface Answer {
  kind: "answer";
  id: string;
  poll: string;
  talk: string;
  round: number;
  state: "pending" | "approved" | "rejected" | "erased";
  text: string;
  at: Instant;
}

export type ReactionKind = "applause" | "heart" | "idea" | "smile";

/** How the audience reacts to the talk of this id. */
export interface Reaction {
  kind: "reaction";
  id: string;
  total: Record<ReactionKind, number>;
  recent: ({ at: number } & Record<ReactionKind, number>)[]; // the newest seconds
}

/** How the talk of this id was rated: for the crew until it is shown. */
export interface Rating {
  kind: "rating";
  id: string;
  ratings: number;
  counts: { stars: number; ratings: number }[];
  mean: number | null;
  shown: boolean;
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
  qualities: string[]; // smaller pictures that there are now, the largest first
  signs: string; // the channel with its sign-language interpreter, or ""
  silent: boolean; // what is on air has not been heard for some seconds
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
  ballots: Record<string, { round: number; choices: string[]; texts: string[] }>;
  more_time: string[]; // polls in which they asked for it
  rating: { stars: number; word: string } | null;
  version: string;
}

/** An item of the rundown. */
export interface Entry {
  kind: "entry";
  id: string;
  type: "bandeau" | "question" | "poll" | "post" | "synthesis" | "announcement" | "countdown";
  state: "queued" | "preview" | "on_air" | "off";
  title: string;
  text: string;
  shows: Question | Poll | Post | Synthesis | null; // what it is about
  target: "screens" | "overlay" | "both";
  channel: string; // "": all
  to: string[]; // ids or groups of screens; none: all
  duration: number | null; // seconds on air, or of the countdown
  until: Instant | null;
  rank: number;
  automatic: boolean; // it went on air with what it shows
  layer: string; // of which a place shows one at a time
  on_at: Instant | null;
  off_at: Instant | null;
  ends_at: Instant | null;
}

/** What a place shows besides the picture: a screen, by its id, or "overlay". */
export interface Air {
  kind: "air";
  id: string;
  cleared: boolean; // « Vider les écrans », and not restored yet
  entries: Entry[];
}

/** A display in a room. */
export interface Screen {
  kind: "screen";
  id: string;
  name: string;
  face: "live" | "air" | "wall" | "lab" | "comparison";
  channel: string;
  lab: string; // whose room it is in, or ""
  group: string;
  carries_overlay: boolean; // its picture has the overlay in it
  sound: boolean; // one hears it
  spotted_at: Instant | null; // « Repérer cet écran »
  seen_at?: Instant | null; // by the API alone, as the next five: what it last said
  showing?: string | null;
  width?: number;
  height?: number;
  health?: "" | "well" | "mending" | "card" | "asleep" | null; // "card": in place of its picture
  heard?: "" | "off" | "on" | "refused" | null; // "refused": its browser wants to be touched first
}

/** A device whose sending moderators stopped, for them alone. */
export interface Block {
  kind: "block";
  id: string;
  device: string; // its handle
  blocked_at: Instant;
  name: string; // of who blocked it
  rejected: number; // what of its things was refused with it
}

/** From the control room to whoever is on stage; for the crew of the talk. */
export interface StageMessage {
  kind: "message";
  id: string;
  talk: string;
  text: string;
  author: string;
  sent_at: Instant;
  acknowledged_at: Instant | null;
}

export type Item =
  Happening | Talk | Question | Reading | Poll | Answer | Reaction | Rating | Cue | Captioning | Rule | Channel | Restream | Mine | Wall | Post |
  Entry | Air | Screen | StageMessage | Alert | Cafe | Progress | Table | Idea | Cluster | Pile | Synthesis | Comment |
  Sending | Block;

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
  retry_after_ms: number; // for when the socket breaks
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
