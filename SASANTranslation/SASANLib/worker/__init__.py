"""The child process that holds torch and the model for a panel: JSON, one object a line, UTF-8.

Requests come on stdin, events go to stdout, the log to stderr. Whatever a library prints to stdout ends up in the log.
Arrays travel as .npy files, (k, j, i), in a private folder that the client makes for each request and removes.

A request has "request" and an integer "id"; unknown fields are refused. `requests.py` has every field.

    hello       → ready {version, torch, devices: [{name, description}]}; imports torch
    devices     → result {devices}
    translate   → result {files, description, seconds: {total, networks}}
    compare     → result {files: {difference}, metrics: {mae, psnr, ssim, voxels},
                          classes: [{value, name, voxels, mae, bias}]}; a measure that has no value is null
    import      → result {folder}
    cancel      the request "target" ends with an error of kind "cancelled"; no answer of its own
    quit        no answer: the process ends at once

An event has "event" and the request's "id", or null:

    starting {pid, protocol}             at once; on POSIX the process then leads a group, to be ended as a whole
    progress {done, total, stage, eta}   slices; total is 0 as long as it is unknown; eta in seconds, or null
    notice {message, unfamiliar}         a sentence: true for what the model does not know in the input, false for a
                                         retreat from memory and the like
    error {kind, message, hint}          ends the request; a sentence, and what to do about it

Kinds of error: input, model, device, memory, cancelled, exists, disk, request (not understood, or not possible with
this model) and internal (a traceback is in the log). No request can end the process but "quit"; the end of stdin does,
at once. Both then remove the folders of requests that have not been answered, unless they hold more than .npy files.
"""

PROTOCOL = 1
