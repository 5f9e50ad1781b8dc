/** The report's stylesheet. Light and dark by the reader's system, readable at 360 px and on paper. */
export const stylesheet = `/* trusted-proxy-conformance */
:root{color-scheme:light dark;--ink:light-dark(#1b1f24,#e6e9ec);--soft:light-dark(#57606a,#9aa5b1);--paper:light-dark(#fff,#14171a);--shade:light-dark(#f3f5f7,#1e2328);--line:light-dark(#d5dae0,#353c44);--link:light-dark(#0a56b8,#7db5ff);
--pass:light-dark(#17692f,#6fd18b);--pass-b:light-dark(#e3f5e7,#14301d);--fail:light-dark(#a40e1f,#ff9a9a);--fail-b:light-dark(#fde4e6,#46161b);--warn:light-dark(#7a4b00,#f0bd62);--warn-b:light-dark(#fff1d6,#3b2c0c);--known:light-dark(#8a3b00,#f5a97a);--known-b:light-dark(#fdeadc,#3f2413);--odd:light-dark(#6a2a9c,#d3a6f7);--odd-b:light-dark(#f3e8fb,#321c43);--mute:light-dark(#535c66,#a3adb8);--mute-b:light-dark(#eceff2,#262c33);--info:light-dark(#0b5a86,#84c9ee);--info-b:light-dark(#e1f1fa,#122c3a)}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:break-word}
header.site{padding:.6rem 1rem;border-bottom:1px solid var(--line);background:var(--shade);font-weight:600}
header.site a{color:inherit;text-decoration:none}
main{padding:1rem;max-width:100rem;margin:0 auto}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:1px}
.skip{position:absolute;left:-99rem}.skip:focus{position:static;margin-right:1rem}
h1{font-size:1.5rem;line-height:1.25;margin:.4rem 0}h2{font-size:1.2rem;margin:1.6rem 0 .5rem}h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{max-width:75ch}
.lead{font-weight:600}p.lead,h1+p{max-width:none}
td.time{white-space:nowrap}
table.choices{width:100%;font-size:.9rem;line-height:1.4}table.choices thead th:nth-child(2){width:46%}table.choices thead th:nth-child(3){width:46%}table.choices tbody th{white-space:nowrap}table.choices td>.letter{float:left;margin:.15rem .6rem .15rem 0}table.choices td>div{overflow:hidden}
small{font-size:.85rem;color:var(--soft);font-weight:400}table.environments th[scope=row]{min-width:min(20rem,60vw)}
.letter{position:relative;flex:none;display:inline-block;width:2.4rem;height:2.4rem;line-height:2.4rem;border-radius:4px;text-align:center;font-size:1.5rem;font-weight:700}.letter i{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.legend .letter,table .letter,h3 .letter{width:1.6rem;height:1.6rem;line-height:1.6rem;font-size:1rem}
.name{white-space:nowrap}ol.findings{padding-left:1.4rem;max-width:100ch}ol.findings>li{margin:.6rem 0}ol.findings p{margin:.2rem 0;max-width:100ch;overflow-wrap:anywhere}ol.findings .remedy{border-left:.25rem solid var(--link);padding-left:.6rem}ol.findings details{font-size:.9rem}ol.findings summary{font-weight:400}
ol.checklist li{margin:.6rem 0}ol.checklist .status{white-space:normal}ol.checklist p{margin:.2rem 0}button{font:inherit}
p.passed{max-width:none}p.passed a{margin-right:.6rem;white-space:nowrap}
.soft{color:var(--soft)}
.loud{border-left:.4rem solid var(--fail);background:var(--fail-b);padding:.5rem .8rem;max-width:75ch}
code,dd,.lead{overflow-wrap:anywhere}
code,pre,.wire{font:.85rem/1.45 ui-monospace,monospace}
pre,.wire{background:var(--shade);border:1px solid var(--line);border-radius:4px;padding:.6rem;margin:.4rem 0;white-space:pre-wrap;overflow-wrap:anywhere;max-height:40rem;overflow:auto}
table{border-collapse:collapse}
th,td{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top}
th{background:var(--shade);font-weight:600}
.scroll{overflow-x:auto;max-width:100%}.scroll td{max-width:60rem}.scroll td.words{min-width:14rem}
.compared td{overflow-wrap:anywhere;max-width:40rem}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:.5rem 0}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0}
.status{display:inline-block;padding:0 .45em;border-radius:3px;white-space:nowrap;font-weight:600}
.pass{color:var(--pass);background:var(--pass-b)}.fail{color:var(--fail);background:var(--fail-b)}.warn{color:var(--warn);background:var(--warn-b)}.known-failure{color:var(--known);background:var(--known-b)}.unexpected-pass,.harness-error{color:var(--odd);background:var(--odd-b)}.blocked,.unsupported{color:var(--mute);background:var(--mute-b)}.info{color:var(--info);background:var(--info-b)}
.legend dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:.3rem 1rem;margin:.4rem 0}
.legend dl div{display:flex;gap:.6rem}.legend dd{margin:0;color:var(--soft);font-size:.9rem}
summary{cursor:pointer;font-weight:600}
#filter{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;margin:.8rem 0}
#filter label{display:flex;flex-direction:column;font-size:.85rem;color:var(--soft)}
#filter label.check{flex-direction:row;gap:.4rem;align-items:center}
#filter input,#filter select,#filter button{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--line);border-radius:3px;padding:.2rem .4rem;max-width:100%}
.matrix{overflow:auto;max-height:85vh;border:1px solid var(--line)}
.matrix table{border-collapse:separate;border-spacing:0;font-size:.85rem}
.matrix th,.matrix td{border:0;border-bottom:1px solid var(--line);border-right:1px solid var(--line);padding:.1rem .3rem}
.matrix thead th{position:sticky;top:0;z-index:2;vertical-align:bottom}
.matrix thead th a{writing-mode:vertical-rl;transform:rotate(180deg);max-height:16rem;overflow-wrap:normal;text-decoration:none;line-height:1.25}
.matrix tbody th{position:sticky;left:0;z-index:1;font-weight:400;max-width:26rem;min-width:9rem}
.matrix thead th:first-child{left:0;z-index:3}
.matrix tr.family th{font-weight:700;font-size:.95rem}
.matrix td{text-align:center;white-space:nowrap}

.matrix td a{padding:0 .35em;border-radius:3px;text-decoration:none;font-weight:700}
[hidden]{display:none!important}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:1rem}
.wire span{display:block}.wire .changed{background:var(--warn-b);color:var(--warn)}.wire .dropped{background:var(--fail-b);color:var(--fail)}.wire .added{background:var(--info-b);color:var(--info)}
@media(min-width:40rem){table.stacked tbody th code{white-space:nowrap}}
@media(max-width:40rem){table.stacked thead{display:none}table.stacked tr,table.stacked th,table.stacked td{display:block;border-bottom:0}table.stacked{width:100%;border-bottom:1px solid var(--line)}main{padding:.6rem}dl.facts{grid-template-columns:1fr}dl.facts dt{margin-top:.3rem}.matrix tbody th{max-width:9.5rem;min-width:7rem}.matrix tbody th small{display:none}}
@media print{header.site,#filter,.skip{display:none}.matrix,pre,.wire{max-height:none;overflow:visible;border:0}.matrix thead th,.matrix tbody th{position:static}body{font-size:10pt}a{color:inherit}.status,.matrix td a{border:1px solid}}
`
