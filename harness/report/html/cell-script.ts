/**
 * Opens the cell that the address names (`#CASE.TRANSPORT`, or `#CASE` for all of its transports), plain script for the browser. The page carries the
 * evidence as one compressed block of data; what is shown of it is made by the same functions that the tests call.
 */
import { visibleSource } from '../visible.ts'
import { cellViewSource } from './cell-view.ts'
import { curlSource } from './curl.ts'
import { differencesSource, signs } from './differences.ts'
import { unpackingSource } from './packed-texts.ts'

export const cellScript = `'use strict';
(function () {
${[visibleSource, unpackingSource, differencesSource, curlSource, cellViewSource].join('\n').replace(/^ +/gm, '')}
  var tools = { compare: compare, curlLine: curlLine, visible: visible, signs: ${JSON.stringify(signs)} };
  var data = document.getElementById('evidence'), place = document.getElementById('cell'), list = document.getElementById('cells');
  var title = document.title, content;
  function unpacked() {
    if (!content) {
      var bytes = Uint8Array.from(atob(data.textContent), function (one) { return one.charCodeAt(0); });
      content = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).json();
    }
    return content;
  }
  function show() {
    var key = decodeURIComponent(location.hash.slice(1));
    if (key === '') return close();
    unpacked().then(function (all) {
      var names = Object.keys(all.texts).filter(function (name) { return name === key || name.slice(0, name.lastIndexOf('.')) === key; });
      if (names.length === 0) { close(); var row = document.getElementById(key); if (row) row.scrollIntoView(); return; }
      place.innerHTML = '<p><a href="#">All cells of this environment</a></p>' + names.map(function (name) {
        return cellView(all.environment, JSON.parse(unpackedText(all, name)), tools);
      }).join('');
      place.hidden = false; list.hidden = true;
      var head = place.querySelector('h1');
      document.title = key + ': ' + head.textContent.trim();
      window.scrollTo(0, place.offsetTop); head.focus({ preventScroll: true });
    });
  }
  function close() { place.hidden = true; place.textContent = ''; list.hidden = false; document.title = title; }
  window.addEventListener('hashchange', show);
  show();
})();`
