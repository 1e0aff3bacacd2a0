"""Speech recognition and captions, on this machine: no library of it contacts anybody.

Some would: onnxruntime's wheels report to Microsoft and keep a device id in the home folder, and
huggingface_hub fetches files that a model lacks. Both read their environment when they are loaded,
so it is set here, before any module of this package can load them; child processes inherit it.
onnxruntime's own call to switch reporting off comes too late (its Privacy.md, "Disabling
Telemetry").
"""

import os

SILENT = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}

os.environ.update(SILENT)
