// The moderators' page of the wall, for who does nothing else.

import { nothing, render } from "lit";
import { Undo } from "./control_room/undo";
import { Live } from "./live";
import { drawing } from "./page";
import { closedDoor } from "./parts/door";
import { WallDesk } from "./parts/wall_desk";
import { Requests } from "./requests";
import { enter, roleOf } from "./session";

const CREW = ["moderator", "operator", "admin"];

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const draw = drawing(redraw);
const live = new Live(draw);
const undo = new Undo($("#undo"), true);
const desk = new WallDesk($("#wall"), live, new Requests(draw), undo, draw);
let trouble = "";

void enter().then((problem) => {
  trouble = problem;
  live.follow("wall", "blocks");
});
setInterval(draw, 1000);

function redraw(): void {
  const role = roleOf(live, draw);
  if (role === undefined) return;
  const allowed = CREW.includes(role);
  $("#desk").hidden = !allowed;
  render(allowed ? nothing : closedDoor("Modération du mur", trouble, role), $("#closed"));
  if (allowed) desk.draw();
}
