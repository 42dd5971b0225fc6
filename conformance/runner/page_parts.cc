#include "page_parts.h"

namespace wasinn::conformance {

// Text on its ground has a contrast of at least 4.5 in both schemes.
const char kPageStyle[] = R"css(
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --line: #d5dae1; --soft: #eef1f5;
  --text: #1b222c; --dim: #525d6c; --link: #1a56b8;
  --good: #17693b; --good-ground: #e3f4e9; --bad: #a8201a; --bad-ground: #fde8e6;
  --known: #7a4a00; --known-ground: #fdf0d8; --skip: #525d6c; --skip-ground: #eceff3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --card: #1a2029; --line: #343d4a; --soft: #232b36;
    --text: #e6eaf0; --dim: #a3aebd; --link: #8ab8ff;
    --good: #7fdca4; --good-ground: #17342a; --bad: #ff9d94; --bad-ground: #431f1f;
    --known: #f2c26b; --known-ground: #3a2d14; --skip: #a3aebd; --skip-ground: #262e39;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}
main, header { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; }
a { color: var(--link); }
.dim { color: var(--dim); }
.small { font-size: .875rem; }
code, pre, .mono { font: .8125rem/1.5 ui-monospace, "Cascadia Mono", "Liberation Mono", Menlo, monospace; }
.verdict {
  display: inline-block; margin: .75rem 0 0; padding: .4rem .8rem; border-radius: .5rem; font-weight: 600;
}
.good { color: var(--good); } .bad { color: var(--bad); } .known { color: var(--known); }
.skip { color: var(--skip); }
.verdict.good, .chip.good, .cell.good { background: var(--good-ground); }
.verdict.bad, .chip.bad, .cell.bad { background: var(--bad-ground); }
.verdict.known, .chip.known, .cell.known { background: var(--known-ground); }
.verdict.skip, .chip.skip, .cell.skip { background: var(--skip-ground); }
.chip {
  display: inline-block; padding: 0 .5rem; border-radius: 1rem; font-size: .8125rem; font-weight: 600;
  white-space: nowrap; margin-right: .25rem;
}
.hosts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: .75rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; }
.card h3 { margin: 0; font-size: 1rem; }
.bar { display: flex; height: .5rem; border-radius: .25rem; overflow: hidden; margin: .6rem 0; background: var(--skip-ground); }
.bar i { display: block; }
.bar .b-good { background: var(--good); } .bar .b-bad { background: var(--bad); }
.bar .b-known { background: var(--known); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
table { border-collapse: collapse; width: 100%; }
.matrix th, .matrix td { padding: .4rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: normal; }
.matrix tr:last-child > * { border-bottom: 0; }
.matrix thead th { font-size: .8125rem; color: var(--dim); white-space: nowrap; }
.matrix tbody th { font-weight: 600; min-width: 8rem; }
.matrix tbody th a { color: inherit; text-decoration: none; }
.matrix tbody th a:hover { text-decoration: underline; }
.cell { display: block; border-radius: .4rem; padding: .3rem .6rem; text-decoration: none; min-width: 7rem; font-weight: 600; }
a.cell:hover, a.cell:focus-visible { outline: 2px solid currentColor; outline-offset: 1px; }
.cell small { display: block; font-weight: 400; white-space: nowrap; }
.tools { display: none; gap: .5rem; flex-wrap: wrap; margin: 1.5rem 0 0; align-items: center; }
.js .tools { display: flex; }
input, select, button {
  font: inherit; font-size: .9375rem; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: .4rem; padding: .4rem .6rem; max-width: 100%;
}
input { flex: 1 1 12rem; min-width: 0; }
button { cursor: pointer; }
details { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; margin: .5rem 0; }
details details { border-radius: .4rem; margin: .4rem 0; }
summary { cursor: pointer; padding: .55rem .9rem; border-radius: .6rem; }
summary:hover { background: var(--soft); }
details[open] > summary { border-bottom: 1px solid var(--line); border-radius: .6rem .6rem 0 0; }
.body { padding: .6rem .9rem .8rem; }
.case > summary { padding: .35rem .7rem; }
.case > summary .mono { font-weight: 600; }
.case .why { margin-left: .25rem; }
.matrix td::before { display: none; }
dl { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: .25rem .75rem; margin: 0; }
dt { color: var(--dim); } dd { margin: 0; min-width: 0; }
pre {
  margin: 0; padding: .5rem .7rem; background: var(--soft); border-radius: .4rem; white-space: pre-wrap;
  overflow-wrap: anywhere; max-height: 22rem; overflow-y: auto;
}
pre.command { user-select: all; }
.values { font-size: .875rem; }
.values th { text-align: left; color: var(--dim); font-weight: 400; }
.values th, .values td { padding: .2rem .6rem .2rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
.values td.mono { white-space: pre-wrap; }
.hidden { display: none; }
footer { margin: 2.5rem 0 3rem; }
@media (max-width: 40rem) {
  main, header { padding-left: .75rem; padding-right: .75rem; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dt { margin-top: .5rem; font-size: .8125rem; }
  .body { padding: .5rem .6rem; }
  .values thead { display: none; }
  .values tr { display: block; border-bottom: 1px solid var(--line); padding: .25rem 0; }
  .values td { display: block; border: 0; padding: 0; }
  .values td[data-name]::before { content: attr(data-name) ": "; color: var(--dim); font-family: system-ui, sans-serif; }
  .matrix thead { display: none; }
  .matrix tr, .matrix tbody th { display: block; }
  .matrix tbody tr { padding: .35rem 0; border-bottom: 1px solid var(--line); }
  .matrix th, .matrix td { border-bottom: 0; padding: .15rem .6rem; }
  .matrix td { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: .5rem; align-items: center; }
  .matrix td::before { display: block; content: attr(data-host); font-size: .875rem; overflow-wrap: anywhere; }
  .cell { min-width: 0; } .cell small { white-space: normal; }
}
@media print { .tools { display: none; } }
)css";

// The page is whole without it: it filters, opens all, and opens what a link points at where the
// browser does not do so by itself.
const char kPageScript[] = R"js(
(function () {
  'use strict';
  document.documentElement.classList.add('js');
  var text = document.getElementById('filter');
  var kind = document.getElementById('kind');
  var count = document.getElementById('count');
  var cases = Array.prototype.slice.call(document.querySelectorAll('details.case'));
  var hosts = Array.prototype.slice.call(document.querySelectorAll('details.host'));
  var skips = Array.prototype.slice.call(document.querySelectorAll('.skips'));
  function apply() {
    var words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    var narrowed = words.length > 0 || kind.value !== 'all';
    var shown = 0;
    cases.forEach(function (one) {
      var name = one.getAttribute('data-id');
      var fits = (kind.value === 'all' || one.getAttribute('data-kind') === kind.value) &&
        words.every(function (word) { return name.indexOf(word) >= 0; });
      one.classList.toggle('hidden', !fits);
      if (fits) { shown += 1; }
    });
    skips.forEach(function (one) { one.classList.toggle('hidden', narrowed); });
    hosts.forEach(function (host) {
      var any = host.querySelector('details.case:not(.hidden)') !== null;
      host.classList.toggle('hidden', narrowed && !any);
      if (narrowed) { host.open = any; }
    });
    count.textContent = narrowed ? shown + ' of ' + cases.length + ' shown' : '';
  }
  text.addEventListener('input', apply);
  kind.addEventListener('change', apply);
  document.getElementById('open').addEventListener('click', function () {
    var all = document.querySelectorAll('details');
    var open = Array.prototype.some.call(all, function (one) { return !one.open; });
    all.forEach(function (one) { one.open = open; });
  });
  function follow() {
    var target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) { return; }
    for (var at = target; at; at = at.parentElement) {
      if (at.tagName === 'DETAILS') { at.open = true; }
    }
    target.scrollIntoView();
  }
  window.addEventListener('hashchange', follow);
  follow();
})();
)js";

}  // namespace wasinn::conformance
