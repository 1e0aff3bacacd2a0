// What people report with « Signaler », as the moderators are told (tv/alert_items.py).

import type { Comment, Idea, Synthesis } from "./lab_items";
import type { Instant, Question } from "./protocol";
import type { Post } from "./wall_items";

export interface Alert {
  kind: "alert";
  id: string;
  state: "open" | "kept" | "removed";
  about: "question" | "post" | "idea" | "synthesis" | "comment";
  shows: Question | Post | Idea | Synthesis | Comment; // as it is now
  showing: boolean; // everybody sees it
  people: number; // who reported it
  grounds: { grounds: string; people: number }[]; // the most frequent first
  notes: string[]; // that the last of them wrote
  raised_at: Instant;
  settled_at: Instant | null;
  settled_by: string;
}
