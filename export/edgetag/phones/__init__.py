"""Files on real phones: latency by Google's benchmark_model, scores by a runner of the user's.

- `adb`: the program, started with a time limit and a limit on what it may print.
- `current`: what `bench/phones.json` says of the files as they are now.
- `listing`: which phones it sees.
- `leaderboard`: their figures as rows of LiteRT's public leaderboard.
- `stage`: all files on all phones: a thread per phone, each phone's trouble its own.
- `result`: what measuring on phones leaves: phones, their figures, and what went wrong.
- `tables`: tables of `bench/phones.json` and of the phones that adb sees.
- `instrument`: the demo app's headless entry: `am instrument`, and what it prints.
- `packing`: a folder for somebody whose phone is elsewhere: files, images, jobs, and what to
  type.
- `reading`: files read by hand: answers of the demo app from phones that are not on this machine,
  and what others measured.
- `settings`: how files are measured on phones.
- `schema`: JSON Schemas of what goes to a phone and comes back, for those who write the other
  side.
"""
