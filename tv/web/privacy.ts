// The privacy notice: once what somebody wrote is erased, this device forgets their drafts too.

import { forgetAll } from "./kept";

if (new URLSearchParams(location.search).has("efface")) {
  forgetAll();
  history.replaceState(null, "", location.pathname + location.hash);
}
