// What the socket and the API say of the wall, as types.

import type { Instant, Mine } from "./protocol";

/** What a participant did on the wall (`me:wall`). */
export interface OwnPosts extends Mine {
  posts: Post[]; // in any state
}

export interface Wall {
  kind: "wall";
  id: string;
  open: boolean; // it takes posts
  moderation: "before" | "after";
}

export interface Picture {
  url: string;
  width: number;
  height: number;
  alt: string;
}

export type PostState =
  "pending" | "approved" | "shown" | "retired" | "rejected" | "hidden" | "withdrawn";

export interface Post {
  kind: "post";
  id: string;
  state: PostState;
  text: string;
  author: string;
  badge?: string; // "crew" or "host" for who writes as such
  network: string; // "" for those written here
  picture: Picture | null;
  support: number;
  pinned_at: Instant | null;
  written_at: Instant;
  shown_at: Instant | null;
  shows_at?: Instant | null; // for the crew and its author, as the next two: when its hold is over
  reason?: string;
  address?: string;
  flags?: string[]; // what to look at twice
  device?: string; // for the crew alone, as the next: a handle of who sent it, "" for none
  arrival?: string; // see parts/bursts.ts
  support_aside?: number; // of a burst of new devices: it does not count yet
}
