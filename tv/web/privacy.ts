// The privacy notice: once what somebody wrote is erased, this device forgets their drafts too.

import { forgetAll } from "./kept";
import { forgetLetters } from "./letters";
import "./shell";

if (new URLSearchParams(location.search).has("efface")) {
  forgetAll();
  void forgetLetters().catch(() => {}); // storage refused: nothing was left
  history.replaceState(null, "", location.pathname + location.hash);
}
