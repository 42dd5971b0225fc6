// The page is whole without it: it filters, opens all, and opens what a link points at where the
// browser does not do so by itself.
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
