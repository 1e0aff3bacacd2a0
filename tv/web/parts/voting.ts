// A person's ballots: what the server has of them, and what is filled in and not sent yet.

import * as clock from "../clock";
import { keep, recall } from "../kept";
import type { Letter } from "../outbox";
import type { Answer, Mine, Poll } from "../protocol";
import type { Filled } from "./ballot";
import { dressed, Later } from "./later";
import { type Ballot, poll, type Rarer } from "./polls";

/** What brings ballots to the server, in the end. */
interface Post {
  readonly letters: readonly Letter[];
  readonly deciding: readonly Letter[]; // the same, and what the server has just taken
  send(letter: Omit<Letter, "key">): unknown;
}

const KEPT = 20; // ballots that were begun

export class Voting {
  private readonly filled = new Map<string, Filled>(); // by poll and round
  private readonly unsent = new Set<string>(); // those of them that nobody has sent
  private readonly rarer: Rarer = {
    kinds: new Later(() => dressed(import("./ballot_kinds")), () => this.changed()),
    results: new Later(() => dressed(import("./results")), () => this.changed()),
  };

  /**
   * `askTime` asks for more time in a poll. With a `name` what is begun is kept by it on the device;
   * without, others use the device afterwards.
   */
  constructor(
    private readonly post: Post,
    private readonly askTime: (poll: Poll) => void,
    private readonly changed: () => void,
    private readonly name = "",
  ) {
    if (!name) return;
    for (const [round, filled] of recall<[string, Filled][]>(name, [])) {
      this.filled.set(round, filled);
      this.unsent.add(round);
    }
  }

  get pending(): boolean {
    return this.unsent.size > 0;
  }

  forget(): void {
    this.filled.clear();
    this.unsent.clear();
  }

  /** A poll with its ballot; `answers` are those that were written in any poll. */
  render(item: Poll, me: Mine | undefined, answers: Answer[]) {
    const path = `/api/v1/polls/${item.id}/ballot`;
    const decided = this.post.deciding.findLast((letter) => letter.path === path);
    const sending = decided !== undefined && this.post.letters.includes(decided);
    const taken = sending ? undefined : (decided?.body as Mine["ballots"][string] | undefined);
    const given = taken ?? me?.ballots[item.id];
    const ballot: Ballot = {
      choices: given?.round === item.round ? given.choices : [],
      texts: given?.round === item.round ? given.texts : [],
      sending,
      moreTime: me?.more_time.includes(item.id) ?? false,
    };
    const round = `${item.id}.${item.round}`;
    const draft = {
      latest: () => this.filled.get(round),
      fill: (changed: Filled) => {
        this.filled.set(round, changed);
        this.unsent.add(round);
        this.keep();
        this.changed();
      },
      vote: (filled: Filled) => {
        const body = { round: item.round, ...filled };
        this.unsent.delete(round);
        this.keep();
        this.post.send({ what: "ballot", method: "PUT", path, topic: `me:${item.talk}`, body });
      },
      askTime: () => this.askTime(item),
    };
    return poll(item, ballot, draft, this.rarer, answers, clock.now());
  }

  private keep(): void {
    if (!this.name) return;
    const begun = [...this.filled].filter(([round]) => this.unsent.has(round));
    keep(this.name, begun.length ? begun.slice(-KEPT) : null);
  }
}
