/**
 * The matrix and its filters, plain script for the browser. The table is made of the page's data once the page has been shown; the filters' state lives in
 * the address (`#proxy=pomerium&status=fail`), so a view can be sent on.
 */
export const matrixScript = `'use strict';
(function () {
  var form = document.getElementById('filter'), table = document.getElementById('matrix'), found = document.getElementById('found');
  var heads, rows;
  var names = ['text', 'proxy', 'variant', 'gateway', 'family', 'level', 'status'];
  function escaped(text) {
    return text.replace(/[&<>"]/g, function (sign) { return '&#' + sign.charCodeAt(0) + ';'; });
  }
  function tag(name, attributes, content) {
    return '<' + name + Object.keys(attributes).map(function (key) { return ' ' + key + '="' + escaped(String(attributes[key])) + '"'; }).join('') + '>' + content + '</' + name + '>';
  }
  function mark(data, environment, anchor, pair) {
    var transport = data.transports[pair[0]], status = data.statuses[pair[1]];
    var attributes = { class: status[0], href: environment.page + '#' + anchor + '.' + transport, 'aria-label': status[1] + ' ' + status[2] + ', ' + transport };
    return tag('a', attributes, escaped(status[1]));
  }
  function caseRow(data, family, one) {
    var note = tag('small', { class: 'soft' }, escaped((one.level === 'must' ? '' : '(' + one.level + ') ') + one.title));
    var name = tag('th', { scope: 'row' }, tag('a', { href: one.page }, escaped(one.id.slice(family.length + 1))) + ' ' + note);
    var cells = one.cells.split(' ').map(function (letters, index) {
      return tag('td', {}, (letters.match(/../g) || []).map(function (pair) { return mark(data, data.environments[index], one.anchor, pair); }).join(''));
    });
    return tag('tr', { 'data-case': one.id, 'data-family': family, 'data-level': one.level }, name + cells.join(''));
  }
  function columnHead(one) {
    var link = tag('a', { href: one.page }, escaped(one.proxy + ' ' + one.version) + '<br>' + tag('b', {}, escaped(one.variant)) + ' ' + escaped(one.gateway));
    return tag('th', { scope: 'col', 'data-proxy': one.proxy, 'data-variant': one.variant, 'data-gateway': one.gateway }, link);
  }
  /* One text, read by the browser at once: thousands of elements made one by one take seconds. Every value in it is escaped. */
  function build(data) {
    var heads = tag('th', { scope: 'col' }, 'case') + data.environments.map(columnHead).join('');
    table.innerHTML = tag('thead', {}, tag('tr', {}, heads)) + data.families.map(function (group) {
      var head = tag('th', { scope: 'rowgroup' }, escaped(group.family)) + tag('td', { colspan: data.environments.length }, '');
      var rows = group.cases.map(function (one) { return caseRow(data, group.family, one); });
      return tag('tbody', {}, tag('tr', { class: 'family', 'data-family': group.family }, head) + rows.join(''));
    }).join('');
    collect();
  }
  function collect() {
    heads = Array.prototype.slice.call(table.tHead.rows[0].cells, 1);
    rows = Array.prototype.slice.call(table.querySelectorAll('tr[data-case]'));
  }
  function read() {
    var wanted = new URLSearchParams(location.hash.slice(1));
    names.forEach(function (name) { form.elements[name].value = wanted.get(name) || ''; });
    form.elements.open.checked = wanted.get('open') === '1';
  }
  function write() {
    var wanted = new URLSearchParams();
    names.forEach(function (name) { if (form.elements[name].value) wanted.set(name, form.elements[name].value); });
    if (form.elements.open.checked) wanted.set('open', '1');
    var hash = '#' + wanted;
    try { history.replaceState(null, '', hash); } catch (_) { location.replace(hash); }
  }
  function apply() {
    var value = {}; names.forEach(function (name) { value[name] = form.elements[name].value; });
    var text = value.text.trim().toLowerCase(), open = form.elements.open.checked, shown = 0;
    var columns = heads.map(function (head) {
      var on = ['proxy', 'variant', 'gateway'].every(function (name) { return !value[name] || head.dataset[name] === value[name]; });
      head.hidden = !on; return on;
    });
    var families = {};
    rows.forEach(function (row) {
      var on = (!text || row.dataset.case.indexOf(text) !== -1) && (!value.family || row.dataset.family === value.family) && (!value.level || row.dataset.level === value.level);
      var match = !value.status && !open;
      for (var i = 1; i < row.cells.length; i++) {
        var cell = row.cells[i]; cell.hidden = !columns[i - 1];
        if (!on || match || !columns[i - 1]) continue;
        match = value.status ? cell.getElementsByClassName(value.status).length > 0 : cell.querySelector('a:not(.pass):not(.unsupported):not(.info)') !== null;
      }
      row.hidden = !(on && match);
      if (!row.hidden) { shown++; families[row.dataset.family] = true; }
    });
    Array.prototype.forEach.call(table.querySelectorAll('tr.family'), function (row) { row.hidden = !families[row.dataset.family]; });
    found.textContent = shown + ' of ' + rows.length + ' cases, ' + columns.filter(Boolean).length + ' of ' + heads.length + ' environments';
  }
  form.addEventListener('input', function () { write(); apply(); });
  form.addEventListener('submit', function (event) { event.preventDefault(); });
  form.addEventListener('reset', function () { setTimeout(function () { write(); apply(); }); });
  window.addEventListener('hashchange', function () { if (rows) { read(); apply(); } });
  document.addEventListener('keydown', function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { event.preventDefault(); form.elements.text.focus(); return; }
    var here = event.target.closest && event.target.closest('#matrix td');
    var step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!here || !step) return;
    event.preventDefault();
    var visible = rows.filter(function (row) { return !row.hidden; });
    var y = visible.indexOf(here.parentNode), x = here.cellIndex;
    for (;;) {
      y += step[0]; x += step[1];
      var row = visible[y], next = row && x > 0 && row.cells[x];
      if (!next) return;
      var link = !next.hidden && next.querySelector('a');
      if (link) { link.focus(); return; }
    }
  });
  var bytes = Uint8Array.from(atob(document.getElementById('cells').textContent), function (one) { return one.charCodeAt(0); });
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).json().then(function (data) {
    build(data); form.hidden = false; read(); apply();
  });
})();`
