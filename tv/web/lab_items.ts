// What the socket and the API say of the laboratories, as types (tv/labs has the same).

import type { Instant, Mine, Poll, Question } from "./protocol";
import type { Picture } from "./wall_items";

/** A laboratory as settings and the API have it: known by colour and pictogram together. */
export interface Lab {
  id: string; // its slug
  name: string;
  step: string; // of the tenant's journey
  colour: string;
  pictogram: string;
  drawing: string; // the same as the path of an SVG, 24 units wide; "" for none
  cafe?: Cafe | null; // the one that it shows, as the next
  progress?: Progress | null;
}

/** A session of the laboratories, or a call: a question to everybody, without tables or rounds. */
export interface Cafe {
  kind: "cafe";
  id: string;
  version: string;
  state: "draft" | "open" | "closed";
  type: "world_cafe" | "call";
  title: string;
  prompts: string[]; // of each round, or one for all
  tables: Record<string, number>; // how many each laboratory has, by its slug
  rounds: number;
  round_seconds: number;
  moving_seconds: number;
  seats: number;
  dots: number; // that each participant has
  private: boolean; // ideas are noted privately, and revealed together
  opened_at: Instant | null;
  closed_at: Instant | null;
}

/** How far the laboratory of this id is. */
export interface Progress {
  kind: "progress";
  id: string;
  version: string;
  cafe: string;
  step: "waiting" | "round" | "moving" | "gathering";
  round: number; // 0 before the first
  since: Instant | null;
  ends_at: Instant | null; // null without a timer, or paused
  left: number | null; // seconds, while it is paused
}

export interface Table {
  kind: "table";
  id: string; // as in labo-1.3
  version: string;
  cafe: string;
  lab: string;
  number: number;
  seated: number;
  kiosk_seated: number;
  hosts: string[];
  revealed: number; // the last round whose private notes show
  ideas?: number; // that show; by the API alone, as the next
  noted?: number;
}

export interface Idea {
  kind: "idea";
  id: string;
  version: string;
  cafe: string;
  lab: string;
  table: string; // "" in a call
  round: number;
  text: string;
  author: string;
  badge?: string; // "crew" or "host" for who writes as such
  picture: Picture | null;
  state: "noted" | "pending" | "shown" | "hidden" | "withdrawn";
  reason?: string; // for its author and the crew
  proved?: boolean; // the same: whether its author has shown the code of the laboratory
  dots: number;
  clusters: string[]; // its groups, at each table where it is one at most
  stops: { table: string; round: number }[]; // where it was carried to
  made_at: Instant;
  shown_at: Instant | null;
  flags?: string[]; // what to look at twice, for the crew
  device?: string; // for the crew, as the next: a handle of who sent it, "" for none
  arrival?: string; // see parts/bursts.ts
  dots_aside?: number; // of a burst of new devices, for the crew: they do not count yet
}

export interface Cluster {
  kind: "cluster";
  id: string;
  version: string;
  cafe: string;
  table: string;
  name: string;
}

/** How many cards a table has in a session: its own, and those that were laid on it. */
export interface Pile {
  kind: "pile";
  id: string;
  version: string;
  cafe: string;
  table: string;
  lab: string;
  ideas: number; // that show
  noted: number; // privately, until they are revealed
  pending: number;
  carried: number;
  groups: number;
  dots: number;
}

export interface Synthesis {
  kind: "synthesis";
  id: string;
  version: string;
  cafe: string;
  lab: string;
  table: string;
  title: string;
  body: string; // paragraphs, an empty line between two
  ideas: string[]; // ids of what it comes from, as the next
  clusters: string[];
  author: string;
  state: "draft" | "shared" | "hidden";
  open: boolean; // whoever looks at the ideas sees it
  labs: string[]; // with which it is shared; none: all
  written_at: Instant;
  shared_at: Instant | null;
  support: number;
  support_aside?: number; // of a burst of new devices, for the crew: it does not count yet
  comments: number;
  airings: { talk: string; start: number; end: number | null }[]; // on the set, broadcast times
  versions: number; // what it said before
}

/** What a synthesis comes from; the API alone says it. */
export interface Sources {
  ideas: Idea[];
  clusters: Cluster[];
}

export interface Comment {
  kind: "comment";
  id: string;
  version: string;
  synthesis: string;
  text: string;
  author: string;
  badge?: string; // as of ideas
  state: "pending" | "approved" | "rejected" | "withdrawn";
  written_at: Instant;
  shown_at: Instant | null;
  flags?: string[]; // what to look at twice, for the crew
  device?: string; // for the crew, as the next: a handle of who sent it, "" for none
  arrival?: string; // see parts/bursts.ts
}

export type SendingKind = "quote" | "clip" | "question" | "poll" | "synthesis" | "message";

/** « Envoyer au labo » : on the tables of `labs`, of all for none. */
export interface Sending {
  kind: "sending";
  id: string;
  version: string;
  type: SendingKind;
  labs: string[];
  text: string;
  talk: string;
  shows: Question | Poll | Synthesis | null; // as it is now
  start: number | null; // broadcast times of what was said
  end: number | null;
  sent_at: Instant;
}

/** What a participant did in the laboratories and in answer to calls (`me:cafe`). */
export interface OwnIdeas extends Mine {
  ideas: Idea[]; // in any state
  dots: Record<string, number>; // given, by idea
  dots_left: Record<string, number>; // by session; all of them where it is not in here
  table: string; // where they sat last, "" for nowhere
  seat: { cafe: string; lab: string; table: string; round: number } | null; // there
  comments: Comment[]; // in any state; `supports` are ids of syntheses
}
