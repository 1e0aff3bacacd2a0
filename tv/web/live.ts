// The page's one socket: follows topics, keeps the newest item of each, and comes back by itself.
// Where sockets are blocked, the same views come by GET every five seconds.

import * as clock from "./clock";
import { mark } from "./parts/phase";
import type { Happening, Item, Message, Partial, View, Welcome } from "./protocol";
import { recognise } from "./session";
import { jitter } from "./waiting";

const VERSION = 1;
const EVENT = "event"; // every page follows it
const OPENING = 8; // seconds that a socket may take to say welcome
const POLLING_AFTER = 3; // failed sockets before views come by GET
const POLLING = 5; // seconds between two GETs
const SILENCE = 30; // seconds without a word before we ask whether anyone is there
const REPLY = 8; // seconds that the answer may take

class Topic {
  constructor(public version = "") {}

  etag = "";
  told = false;
  items = new Map<string, Item>();

  apply(view: View): void {
    if (view.reset) this.items.clear();
    for (const item of view.items) this.items.set(`${item.kind}:${item.id}`, item);
    for (const key of view.removed ?? []) this.items.delete(key);
    this.version = view.version;
    this.told = true;
  }
}

export class Live {
  welcome: Welcome | null = null;
  onPartial: (partial: Partial) => void = () => {};
  onView: (view: View) => void = () => {};

  private topics = new Map<string, Topic>();
  private readonly since = new Map<string, string>();
  private socket: WebSocket | null = null;
  private failures = 0;
  private timer = 0; // 0 until the first socket is opened: from then on it comes back by this
  private polling = 0;
  private welcomed = false; // by this socket
  private fetched = false; // all views, at the last turn
  private heard = 0;
  private probed = false;
  private returning: number | null = null; // seconds after which the server wants us back

  /** `changed` is called after anything changed; it may be called often. */
  constructor(private readonly changed: () => void) {
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.socket && this.lost(this.socket));
    setInterval(() => this.probe(), 2000);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.hurry();
    });
  }

  /** Whether views come, by the socket or by GET. */
  get connected(): boolean {
    return this.welcomed || this.fetched;
  }

  /** Have no more of a topic's past than its last `seconds`: few bytes. Before it is followed. */
  recent(topic: string, seconds: number): void {
    // Versions are milliseconds of the server's clock; where ours is wrong, all of it comes.
    this.since.set(topic, String(Date.now() - 1000 * seconds));
  }

  /** Follow exactly these topics from now on. */
  follow(...wanted: string[]): void {
    wanted.unshift(EVENT);
    const same = wanted.length === this.topics.size && wanted.every((t) => this.topics.has(t));
    if (same && this.timer) return;
    const kept = this.topics;
    this.topics = new Map(wanted.map((topic) => [topic, kept.get(topic) ?? new Topic(this.since.get(topic))]));
    if (this.socket?.readyState === WebSocket.OPEN) this.hello(this.socket);
    else if (!this.timer) this.open();
  }

  /** Connect anew, when who we are has changed. */
  reopen(): void {
    for (const [name, topic] of this.topics)
      if (!name.startsWith("captions:")) topic.version = ""; // these are the same for everybody
    this.failures = 0;
    this.drop();
    this.open();
  }

  /** Whether the server has told of a topic: that there is nothing in it, too. */
  knows(topic: string): boolean {
    return this.topics.get(topic)?.told ?? false;
  }

  /** Which version of a topic this page has; "" for none. */
  version(topic: string): string {
    return this.topics.get(topic)?.version ?? "";
  }

  items<T extends Item>(topic: string, kind: T["kind"]): T[] {
    const found: T[] = [];
    for (const item of this.topics.get(topic)?.items.values() ?? []) {
      if (item.kind === kind) found.push(item as T);
    }
    return found;
  }

  item<T extends Item>(topic: string, kind: T["kind"], id: string): T | undefined {
    return this.topics.get(topic)?.items.get(`${kind}:${id}`) as T | undefined;
  }

  forget(topic: string, kind: string, id: string): void {
    this.topics.get(topic)?.items.delete(`${kind}:${id}`);
  }

  private hurry(): void {
    if (this.socket) return;
    this.failures = Math.min(this.failures, 1);
    this.open();
  }

  private open(): void {
    clearTimeout(this.timer);
    const address = new URL("/ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.socket = socket;
    this.timer = window.setTimeout(() => this.lost(socket), OPENING * 1000);
    socket.onopen = () => this.hello(socket);
    socket.onmessage = ({ data }) => this.receive(socket, JSON.parse(data as string));
    socket.onclose = ({ reason }) => {
      const told = /^retry_after_ms=(\d{1,6})$/.exec(reason);
      if (told && socket === this.socket) this.returning = Number(told[1]) / 1000;
      this.lost(socket);
    };
  }

  private hello(socket: WebSocket): void {
    const topics = Object.fromEntries(
      [...this.topics].map(([name, { version }]) => [name, version]),
    );
    socket.send(JSON.stringify({ type: "hello", version: VERSION, topics }));
  }

  private receive(socket: WebSocket, message: Message): void {
    if (socket !== this.socket) return;
    this.heard = performance.now();
    this.probed = false;
    switch (message.type) {
      case "welcome":
        clock.learn(message.now);
        this.welcome = message;
        this.returning = message.retry_after_ms / 1000;
        this.welcomed = true;
        this.fetched = false;
        if (message.participant) recognise(message.participant);
        this.failures = 0;
        clearTimeout(this.timer);
        clearInterval(this.polling);
        this.polling = 0;
        break;
      case "view":
        this.apply(message);
        break;
      case "partial":
        this.onPartial(message);
        return;
    }
    this.changed();
  }

  private apply(view: View): void {
    const topic = this.topics.get(view.topic);
    if (!topic) return;
    topic.apply(view);
    if (view.topic === EVENT) for (const item of view.items) mark(item as Happening);
    this.onView(view);
  }

  /** A network may die without a sign: a topic asked for anew must be answered. */
  private probe(): void {
    const socket = this.socket;
    if (!this.welcomed || !socket) return;
    const silent = (performance.now() - this.heard) / 1000;
    if (this.probed && silent > SILENCE + REPLY) this.lost(socket);
    else if (!this.probed && silent > SILENCE) {
      this.probed = true;
      const [first] = this.topics.values();
      if (first) first.version = "";
      this.hello(socket);
    }
  }

  private lost(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.drop();
    this.welcomed = false;
    // At first when the server told us to, so that a whole room comes back evenly.
    const wait = this.returning ?? jitter(this.failures, 1, 20);
    this.returning = null;
    this.timer = window.setTimeout(() => this.open(), 1000 * wait);
    this.failures += 1;
    if (this.failures >= POLLING_AFTER && !this.polling) {
      this.polling = window.setInterval(() => void this.poll(), POLLING * 1000);
      void this.poll();
    }
    this.changed();
  }

  private drop(): void {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private async poll(): Promise<void> {
    let came = true;
    for (const [name, topic] of this.topics) {
      const { version } = topic;
      const since = encodeURIComponent(version);
      const headers: HeadersInit = topic.etag ? { "if-none-match": topic.etag } : {};
      try {
        const address = `/api/v1/views/${encodeURIComponent(name)}?since=${since}`;
        const response = await fetch(address, { headers, cache: "no-store" });
        if (response.status >= 500) came = false;
        if (response.status !== 200) continue;
        const view = (await response.json()) as View;
        if (this.version(name) !== version) continue; // something newer has come meanwhile
        topic.etag = response.headers.get("etag") ?? "";
        this.apply(view);
      } catch {
        came = false; // no network at all: the next turn tries again
        break;
      }
    }
    this.fetched = came && this.polling !== 0;
    this.changed();
  }
}
