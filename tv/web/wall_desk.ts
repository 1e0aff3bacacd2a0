// The moderators' page of the wall: what waits on the left, what shows on the right.

import { nothing, render } from "lit";
import { call, type Problem } from "./api";
import * as clock from "./clock";
import { Live } from "./live";
import { drawing } from "./page";
import { closedDoor } from "./parts/door";
import { announce } from "./parts/text";
import { held, rules, seenElsewhere, settled, shown, waiting } from "./parts/wall_desk";
import type { Post, PostState, Wall } from "./protocol";
import { enter } from "./session";

const CREW = ["moderator", "operator", "admin"];

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const draw = drawing(redraw);
const live = new Live(draw);
const busy = new Set<string>();
let trouble = "";

void enter().then((problem) => {
  trouble = problem;
  live.follow("wall");
});
setInterval(draw, 1000);

function redraw(): void {
  const role = live.welcome?.role;
  if (role === undefined) return;
  const allowed = CREW.includes(role);
  $("#desk").hidden = !allowed;
  render(allowed ? nothing : closedDoor("Modération du mur", trouble, role), $("#closed"));
  if (!allowed) return;

  const posts = live.items<Post>("wall", "post");
  const acts = { now: clock.now(), busy, act, set, add };
  const of = (...states: PostState[]) => posts.filter(({ state }) => states.includes(state));
  const newest = (a: Post, b: Post) => String(b.shown_at).localeCompare(String(a.shown_at));
  const oldest = (a: Post, b: Post) => String(a.written_at).localeCompare(String(b.written_at));
  const pending = of("pending").sort(oldest);
  const up = of("shown").sort(newest);
  const wall = live.item<Wall>("wall", "wall", "wall");

  $("#waiting-count").textContent = String(pending.length || "");
  $("#shown-count").textContent = String(up.length || "");
  render(waiting(pending, acts), $("#waiting"));
  render(seenElsewhere(acts), $("#elsewhere"));
  render(held(of("approved").sort(oldest), acts), $("#held"));
  render(shown(up, acts), $("#shown"));
  render(settled(of("rejected", "hidden", "retired").sort(oldest).reverse(), acts), $("#settled"));
  render(wall ? rules(wall, acts) : nothing, $("#rules"));
}

function act({ id }: Post, verb: string, body?: object): void {
  void request(id, "POST", `/api/v1/wall/posts/${id}:${verb}`, body);
}

function set(change: Partial<Wall>): void {
  void request("wall", "PATCH", "/api/v1/wall", change);
}

function add(said: Record<string, string>): Promise<boolean> {
  return request("elsewhere", "POST", "/api/v1/wall/posts", said);
}

/** One request per item at a time; what it changed comes back by the socket. */
async function request(id: string, method: string, path: string, body?: object): Promise<boolean> {
  if (busy.has(id)) return false;
  busy.add(id);
  draw();
  try {
    await call(method, path, body);
    return true;
  } catch (error) {
    announce((error as Problem).message, true);
    return false;
  } finally {
    busy.delete(id);
    draw();
  }
}
