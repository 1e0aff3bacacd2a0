// What a page asks of the server: one thing at a time about each item; what is refused is said.

import { call, identifier } from "./api";
import { announce } from "./parts/text";

export class Requests {
  /** Ids with a request under way. */
  readonly busy = new Set<string>();
  private readonly tried = new Map<string, { said: string; key: string }>(); // not known to be made

  constructor(private readonly changed: () => void) {}

  /** Returns whether it was done; what it changed comes back by the socket. */
  send(
    id: string,
    method: string,
    path: string,
    body?: object,
    more?: Record<string, string>,
  ): Promise<boolean> {
    return this.doing(id, () => call(method, path, body, more));
  }

  /** Make something new: the same sent again, after a reply that was lost, is made once. */
  async create(id: string, path: string, body: object): Promise<boolean> {
    const said = JSON.stringify([path, body]);
    const before = this.tried.get(id);
    const key = before?.said === said ? before.key : identifier();
    this.tried.set(id, { said, key });
    const done = await this.send(id, "POST", path, body, { "idempotency-key": key });
    if (done) this.tried.delete(id);
    return done;
  }

  /** The same for work that takes several requests. */
  async doing(id: string, work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy.has(id)) return false;
    this.busy.add(id);
    this.changed();
    try {
      await work();
      return true;
    } catch (error) {
      announce((error as Error).message, true);
      return false;
    } finally {
      this.busy.delete(id);
      this.changed();
    }
  }
}
