// The moderators' page of the wall: what waits on the left, what shows on the right.

import { nothing, render } from "lit";
import * as clock from "./clock";
import { seconds } from "./french";
import { Live } from "./live";
import { drawing } from "./page";
import { closedDoor } from "./parts/door";
import { shown } from "./parts/wall";
import { held, onTheWall, rules, seenElsewhere, settled, waiting } from "./parts/wall_desk";
import type { Post, PostState, Wall } from "./protocol";
import { Requests } from "./requests";
import { enter } from "./session";

const CREW = ["moderator", "operator", "admin"];

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const draw = drawing(redraw);
const live = new Live(draw);
const requests = new Requests(draw);
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
  const acts = { now: clock.now(), busy: requests.busy, act, set, add };
  const of = (...states: PostState[]) => posts.filter(({ state }) => states.includes(state));
  const oldest = (a: Post, b: Post) =>
    (seconds(a.written_at) ?? 0) - (seconds(b.written_at) ?? 0);
  const pending = of("pending").sort(oldest);
  const up = shown(live);
  const wall = live.item<Wall>("wall", "wall", "wall");

  $("#waiting-count").textContent = String(pending.length || "");
  $("#shown-count").textContent = String(up.length || "");
  render(waiting(pending, acts), $("#waiting"));
  render(seenElsewhere(acts), $("#elsewhere"));
  render(held(of("approved").sort(oldest), acts), $("#held"));
  render(onTheWall(up, acts), $("#shown"));
  render(settled(of("rejected", "hidden", "retired").sort(oldest).reverse(), acts), $("#settled"));
  render(wall ? rules(wall, acts) : nothing, $("#rules"));
}

function act({ id }: Post, verb: string, body?: object): void {
  void requests.send(id, "POST", `/api/v1/wall/posts/${id}:${verb}`, body);
}

function set(change: Partial<Wall>): void {
  void requests.send("wall", "PATCH", "/api/v1/wall", change);
}

function add(said: Record<string, string>): Promise<boolean> {
  return requests.create("elsewhere", "/api/v1/wall/posts", said);
}
