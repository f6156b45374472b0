"""How the page looks: on a wide screen, on a phone, in the dark, on paper, and with no style at all."""

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --pane: #f6f8fa;
  --passed: #1a7f37; --warned: #9a6700; --inconclusive: #8250df; --refused: #cf222e; --bar: #0969da;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #30363d; --pane: #161b22;
    --passed: #3fb950; --warned: #d29922; --inconclusive: #bc8cff; --refused: #ff7b72; --bar: #4493f8;
  }
  .past { opacity: 0.2; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 44px 0 12px; padding-bottom: 6px; border-bottom: 1px solid var(--line); }
h3 { font-size: 15px; margin: 22px 0 4px; }
p { margin: 8px 0; }
a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--soft); }
code, pre { font: 0.87em/1.5 ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 0; padding: 12px; background: var(--pane); border-radius: 6px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.quiet, .quiet a { color: var(--soft); font-size: 13px; }
.steps .quiet { font-size: inherit; }
.passed { color: var(--passed); } .warned { color: var(--warned); }
.inconclusive { color: var(--inconclusive); } .refused { color: var(--refused); }
em { font-style: normal; }

.ending { color: var(--ink); background: var(--pane); border-left: 6px solid; border-radius: 6px;
  padding: 14px 18px; margin-bottom: 20px; }
.ending.passed { border-color: var(--passed); } .ending.warned { border-color: var(--warned); }
.ending.inconclusive { border-color: var(--inconclusive); } .ending.refused { border-color: var(--refused); }
.ending > p:first-child { font-size: 20px; margin: 0; display: flex; gap: 12px; line-height: 1.35; }
.ending .sign { font-weight: 700; }
.ending.passed .sign { color: var(--passed); } .ending.warned .sign { color: var(--warned); }
.ending.inconclusive .sign { color: var(--inconclusive); } .ending.refused .sign { color: var(--refused); }
.ending ul { margin: 12px 0 4px; padding: 0; list-style: none; overflow-wrap: anywhere; }
.ending li { padding: 8px 0; border-top: 1px solid var(--line); }
.gates { display: flex; flex-wrap: wrap; gap: 0 16px; } .gates span { font-size: 14px; white-space: nowrap; }
.next { color: var(--soft); }

dl { margin: 0 0 12px; }
dl > div { display: grid; grid-template-columns: 150px 1fr; gap: 12px; padding: 3px 0; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }

table { width: 100%; border-collapse: collapse; margin: 8px 0 12px; font-size: 14px; }
th { text-align: left; font-weight: 500; color: var(--soft); }
th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; }
.steps td:nth-child(-n+4) { white-space: nowrap; font-variant-numeric: tabular-nums; }
.steps td:nth-child(4) { text-align: right; }
.steps td:nth-child(3) .counts > * { margin-right: 6px; } .counts .quiet { display: block; }
.findings { font-size: 13px; table-layout: fixed; }
.findings th:nth-child(1) { width: 15%; } .findings th:nth-child(2) { width: 20%; }
.findings th:nth-child(3) { width: 15%; } .findings th:nth-child(4) { width: 28%; }

details { border: 1px solid var(--line); border-radius: 6px; padding: 0 14px; margin: 8px 0; }
details details { border: 0; padding: 0; }
summary { cursor: pointer; padding: 9px 0; }
figure { margin: 0 0 28px; }
figcaption { font-weight: 600; margin-bottom: 8px; }
.witness { margin: 12px 0; } .witness figcaption { font-weight: 400; color: var(--soft); margin-bottom: 4px; }
.sides div div { margin-top: 12px; }
.sides { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px 20px; margin-top: 10px; }

svg { display: block; overflow: visible; }
.words { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
line.passed { stroke: var(--passed); } line.warned { stroke: var(--warned); }
line.inconclusive { stroke: var(--inconclusive); } line.refused { stroke: var(--refused); }
line.margin { stroke: var(--soft); }
line.bar, polyline.bar { stroke: var(--bar); } polygon.bar { fill: var(--bar); }
line.live, polyline.live { stroke: var(--ink); }
path.passed, rect.passed { fill: var(--passed); } path.warned, rect.warned { fill: var(--warned); }
path.inconclusive, rect.inconclusive { fill: var(--inconclusive); }
path.refused, rect.refused { fill: var(--refused); } path.bar, rect.bar { fill: var(--bar); }
.strip { display: grid; grid-template-columns: minmax(0, 40%) minmax(0, 1fr); gap: 20px;
  align-items: center; }
.strip > div:first-child { display: flex; flex-wrap: wrap; gap: 0 10px; padding: 5px 0;
  overflow-wrap: anywhere; }
.strip + .strip:not(.foot) { border-top: 1px solid var(--line); }
.strip.foot { align-items: start; }
.strip .figures { width: 100%; }
.figures { font-size: 13px; color: var(--soft); font-variant-numeric: tabular-nums; }
.part { margin: 6px 0 0; }
.chips { display: flex; flex-wrap: wrap; gap: 2px 28px; margin: 6px 0 12px; }
.load { margin-bottom: 18px; } .load figcaption { margin-bottom: 0; }
.legend span { display: inline-flex; align-items: center; gap: 8px; margin-right: 18px; }
.better { margin: 2px 0 0; font-size: 13px; color: var(--soft); } .better.right { text-align: right; }
.moments { list-style: none; margin: 12px 0; padding: 0 0 0 14px; border-left: 2px solid var(--line); }
.moments li { display: grid; grid-template-columns: 90px 1fr; gap: 12px; padding: 3px 0;
  overflow-wrap: anywhere; }
.moments time { color: var(--soft); font-variant-numeric: tabular-nums; }
footer { margin-top: 48px; }

@media screen and (max-width: 720px) {
  main { padding: 16px 14px 40px; }
  dl > div { grid-template-columns: 1fr; gap: 0; padding: 5px 0; }
  .sides { grid-template-columns: minmax(0, 1fr); }
  .strip { grid-template-columns: minmax(0, 1fr); gap: 2px; padding-bottom: 8px; }
  .strip.foot { display: flex; flex-direction: column-reverse; }
  .strip.foot > * { width: 100%; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: block; padding: 8px 0; border-bottom: 1px solid var(--line); }
  td { display: grid; grid-template-columns: 84px 1fr; gap: 0 10px; padding: 2px 0; border: 0; }
  td::before { content: attr(data-label); color: var(--soft); }
  td > * { grid-column: 2; }
  td:empty { display: none; }
  .steps tr { display: grid; grid-template-columns: 1fr auto auto; gap: 0 14px; }
  .steps td:nth-child(3) { grid-area: 2 / 1 / auto / 4; }
  .steps td:nth-child(3) .counts { display: flex; }
  .steps td { display: block; } .steps td::before { content: none; }
  .steps td:nth-child(5) { grid-column: 1 / -1; color: var(--soft); }
  .chips { flex-direction: column; }
}
@media print {
  :root { color-scheme: light; }
  body { font-size: 12px; } table, .findings { font-size: 11px; } h2 { margin-top: 28px; }
  main { max-width: none; padding: 0; }
  details::details-content { content-visibility: visible; block-size: auto; }
  tr, .strip, figure.witness, figure.load, .chips, li { break-inside: avoid; }
  h2, h3, figcaption, summary { break-after: avoid; }
  rect, path, .ending { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
""".strip()
