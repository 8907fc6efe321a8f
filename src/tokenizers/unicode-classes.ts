/**
 * Classes of code points as of Unicode 16.0, as Hugging Face tokenizers and tiktoken see them. JavaScript's own `\p{L}` follows the
 * host's version of Unicode, and its `\s` takes U+FEFF and leaves U+0085 out: ids would differ from host to host.
 */
export const upper = 1 // Lu, Lt
export const lower = 2 // Ll
export const caseless = 4 // Lm, Lo
export const mark = 8 // M
export const number = 16 // N
export const space = 32 // White_Space
export const other = 64 // everything else, unassigned code points too
/** Only in the places of surrogates: look at the whole code point. */
export const surrogate = 128
export const letter: number = upper | lower | caseless

let table: Uint8Array | undefined

/** One of the classes above for each code point from 0 to 0x10FFFF; built once. */
export function characterClasses(): Uint8Array {
  table ??= readRuns(runs)
  return table
}

/** The class of the code point at an index; a lone surrogate is read as U+FFFD. */
export function classAt(text: string, index: number): number {
  const classes = characterClasses()
  const flags = classes[text.charCodeAt(index)]
  return flags === surrogate ? classes[wholeCodePoint(text, index)] : flags
}

/** The code point at an index, U+FFFD for a lone surrogate. */
export function wholeCodePoint(text: string, index: number): number {
  const codePoint = text.codePointAt(index)!
  return (codePoint & 0x1ff800) === 0xd800 ? 0xfffd : codePoint
}

/** Reads runs of a class letter and a length in base 36 (1 where it is left out). */
function readRuns(text: string): Uint8Array {
  const classOf: Record<string, number> = { U: upper, L: lower, O: caseless, M: mark, N: number, W: space, '.': other }
  const classes = new Uint8Array(0x110000)
  let codePoint = 0
  for (const [, name, digits] of text.matchAll(/([A-Z.])([0-9a-z]*)/g)) {
    const end = codePoint + (digits === '' ? 1 : Number.parseInt(digits, 36))
    if (name === 'A') for (let i = codePoint; i < end; i++) classes[i] = (i - codePoint) % 2 === 0 ? upper : lower
    else classes.fill(classOf[name], codePoint, end)
    codePoint = end
  }
  return classes.fill(surrogate, 0xd800, 0xe000)
}

/** A run of A is upper and lower in turn. Written by scripts/goldens/tokenization.py --classes. */
const runs: string =
  '.9W5.iW.fNa.7Uq.6Lq.aW.qW.9O.7N2.L.3NO.N3.Un.U6A2Ln.L8A1kLAgLA1bA6L2UA5A3UA2LU3A3A3UA2L2UA3A7A4LA3A3UA5A2LOA2L2O' +
  '4UA3A3AiLAiLUA5UA1oL6UA3A2LA3U2AaL1wOLrOi.4Oc.eO5.7O.O.hM34A4O.A2.2OL3.U.6U.U3.U.UA3Ug.U8A2LyA2LU2A2L2AoL4A2.A3A' +
  '2LU1eA2L1bAy.M7A1jAeLA2o.U12.2O.6L15.8M19.M.M2.M2.M.8Or.4O4.tMb.5O17MlNa.4O2MO2r.OM7.2M6O2M2.M4O2NaO3.2O.gOMOuMr' +
  '.2O2hMbO.eNaOxM9O2.4O.2M.2OmM4OM9OM3OM5.iOpM3.4Ob.5Oo.O6.8M9O16Mo.MxO1iM3OMiOM7OaM2.2Na.OgM3.O8.2O2.2Om.O7.O.3O4' +
  '.2MOM7.2M2.2M3O.8M.4O2.O3M2.2NaO2.2N6.2O.M.2M3.O6.4O2.2Om.O7.O2.O2.O2.2M.M5.4M2.2M3.3M.7O4.O.7NaM2O3M.bM3.O9.O3.' +
  'Om.O7.O2.O5.2MOM8.M3.M3.2O.fO2M2.2Na.9OM6.M3.O8.2O2.2Om.O7.O2.O5.2MOM7.2M2.2M3.7M3.4O2.O3M2.2Na.ON6.aMO.O6.3O3.O' +
  '4.3O2.O.O2.3O2.3O3.3Oc.4M5.3M3.M4.2O.6M.eNd.dM5O8.O3.On.Og.2MOM7.M3.M4.7M2.O3.2O.2O2M2.2Na.8N7.OM3.O8.O3.On.Oa.O' +
  '5.2MOM7.M3.M4.7M2.6O2.O2M2.2Na.O2M.cM4O9.O3.O15M2OM7.M3.M4O.5O3MN7O3M2.2Nj.O6.M3.Oi.3Oo.O9.O.2O7.3M.4M6.M.M8.6Na' +
  '.2M2.dO1cMO2M7.5O7M8.Na.13O2.O.O5.Oo.O.OaMO2M9O.2O5.O.M7.Na.2O4.wO.nM2.6Nk.M.M.M.4M2O8.O10.4Mk.M2O5Mb.M10.9M.1lO' +
  '17MkONa.6O6M4O4M3OM3O2M7O3M4OdMcOMNaM4.2U12.U.5U.2L17.OL3O95.O4.2O7.O.O4.2O15.O4.2Ox.O4.2O7.O.O4.2Of.O1l.O4.2O1v' +
  '.2M3.9Nk.3Og.gU2e.2L6.3Oh8.2OhWOq.5O23.3N3O8.7OiM4.9OjM3.bOiM2.cOd.O3.M2.cO1gMw.3O.4OM.2Na.6Na.hM3.MNa.6O2h.7O5M' +
  '2OyMO.5O1y.aOv.Mc.4Mc.aNaOu.2O5.bO18.4Oq.6Nb.11OnM5.4O1hMa.Mt.2MNa.6Na.dO.8Mv.1dM5O1bMhO8.3Na.hM9.cM3OuMdO2NaO18' +
  'Me.cO10Mk.8Na.3O3NaO10.2L9A2.5U17.2U3.gM3.MlO4MO6MO2M3O.5L18O1rLdOLyO11M1sA46L8A2qL8U7A2L5.2U6.2L8U7A2L7U7A2L5.2' +
  'U6.2L8.U.U.U.A2L7U7A2Ld.2L8U7A2L7U7A2L7U7A2L4.L2U5.L.3L3.L2U5.3L4.2L2U4.4L8U5.5L3.L2U5.3Wb.tW2.5W.1bW.gNO.2N6.5O' +
  'Na.6Od.1fMx.hU.4U.2LU2A2LU2A2.U.3U5.6U.U.U.U4.LU3A2O4L.2L2U2.5A2L3.4L.N1fA2N5.k6N1o.26Nm.hiNu.vgU1bA2L1bA3UA2LA7' +
  'U2A4LA2L5O2U2A2sL.6A4M3A2.9N.2L12.L.5L.2O1k.7O.fMOn.9O7.O7.O7.O7.O7.O7.O7.O7.Mw.1bO.cwW.4O2N.pN9M6.O5.2N3O2.4O2e' +
  '.2M2.2O3.O2i.O4.5O17.O2m.3N4.aOw.1cOg.wNa.uN8.Nf.wNa.13Nf.8wO534.1sOh3h.1vO1a.2O7h.3OgNaO2.kA1aOM4.Ma.OAsO2M2O1y' +
  'NaM2.11O9.2AeL2A1qOL8A5AaO.2A4OA4L2AlU3A3U3AhU2A5A2.2A2.L.LA7.lO3A2O3LO7MO3MO4MOnM5.4M.3N6.aO1g.cM2O1eMi.aNa.6Mi' +
  'O6.3O.O2MNaOsM8.2OnMd.cOt.3M4O1bMe.eONa.6O5MOaNaO5.O15Me.9O3MO8M2.2Na.6On.3OM3O1eMOM3O2M2O5M2OMO.oO3.2ObM5.2O3M2' +
  '.aO6.2O6.2O6.9O7.O7.L17.O4L9O.6L28OzM8.M2.2Na.6O8mc.cOn.4O1d.6isOa6.2O2y.12L7.cL5.5OMOa.Od.O5.O.O2.O2.O30.xOa3.i' +
  'O1s.2O1i.14Oc.4Mg.gMg.1sO5.O3r.jNa.7Uq.6Lq.bO2h.3O6.2O6.2O6.2O3.zOc.Oq.Oj.O2.Of.2Oe.yO3f.cN19.cN1l.hN2.35M.3mOt.' +
  '3O1d.fMNr.4OwN4.9OkNO8N.5O12M5.5Ou.2O10.4O8.N5.16U13A2L13O26.2Na.6U10.4L10.4O14.8O1g.cUb.Uf.U7.U2.Lb.Lf.L7.L2.3O' +
  '1g.cO8n.9Om.aO8.oO6.O16.O9.1xO6.2O.O18.O2.3O.2On.2N8On.2N7Ov.8N9.1cOj.O2.5N5OmN6.4Oq.1yO1k.4N2O2Ng.2N1aOM3.M2.5M' +
  '4O4.O3.Ot.2M3.4MN9.nOtN2.OtN3.wO8.OsM2.4N5.gO1i.aOm.2N8Oj.5N8Oi.nN7.28O21.1jU1f.dL1f.7N6O10M4.8Na.6NaO6Um.3M5.OL' +
  'm.62Nv.O16.M2.3O2.gO3.1jM4OtNaO.8OmMbN4.rOiM4.16OlN7.kOn.9M3O1hMf.bNuMO2M2O.9M4O19Mb.7M.dOp.7Na.6M3O10Me.Na.4OM2' +
  'O.8OzM.2O.9M3O1cMeO4.4M4.M2NaO.O.4Nk.bOi.OpMc.6MO2M.1qO7.O.O4.Of.Oa.7O1bMc.5Na.6M4.O8.2O2.2Om.O7.O2.O5.M2OM7.2M2' +
  '.2M3.2O.6M.5O5M2.2M7.3M5.bOa.O.2O.O12.OM9.M.2M.M4.M5OMO.dM2.tO1hMiO4.5Na.4MO3.uO1cMkO2.O.8Na.4mO1bM7.2M9.nO4M2.y' +
  'O1cMh.3O.bNa.12O17MdO.7Na.6Nk.sOr.2Mf.4Nc.4O7.55O18Mf.2tUvA2LvNj.cO8.2O.2O8.O2.OoM6.M2.2M4OMOM2.cNa.1yO8.2O13M7.' +
  '2M7O.OM.rOMaO14M7OM4.8M.8OMbO1aMg.3O.iO21.5jOx.fNa.6O9.O11M8.M8O.fNt.5Ou.2Mm.Me.21O7.O2.O12M6.3M.M2.M7OM.8Na.6O6' +
  '.O2.OwM5.M2.M5O.7Na.8mOjM4.9M2OMOd.OyM7.3M5.dNaM.2dO.fNl.17Opm.2uN33.hO5g.218O2p.fOts.gMO6Mf.aO32z.5Og7.5a1OuMiN' +
  'a.1c6Oft.7Ov.Na.6O27.Na.6Ou.2M5.bO1cM7.9O4.cNa.N7.Ol.5Oj.c0O19.3Na.5iUvA2LvNn.2xO23.4MOM1j.7M4Od.1sO2.OM.bM2.eO4' +
  'qg.8Oye.15Oa.6w7O4.O7.O2.O83.fO.tO3.2O.eO4.8Ob0.1s4O2z.5Od.3O9.7Oa.3M2.381Na.eeM1a.2Mn.f2M5.3M6.8M8.2M7.uM4.44M3' +
  '.3fNk.cNk.30Np.3rUpA2LpUpA2L6.LiUpA2LpU.U2.2U.2U2.2U4.U7A2L3.L.L7.LbUpA2LpU2.U4.2U8.U7.LqU2.U4.U5.U.3U7.LqUpA2Lp' +
  'UpA2LpUpA2LpUpA2LpUpA2LpUpA2Lr.2Up.Lp.L6Up.Lp.L6Up.Lp.L6Up.Lp.L6Up.Lp.L6A2.2N1e.e8M1j.4M1e.8M.eM.mM5.Mf.uoLaOLk.' +
  '6L6.5xM7.Mh.2M7.M2.M5.5O1q.xM.34O19.3M7O7.2Na.4O.8xOuM.hO18M4Na.d2OsM4Na.5yOuM2ONa.dhO7.O4.O2.Of.O5h.2N9M7.15UxA' +
  '2LxM7O.4Na.lzN1n.N3.N4.24N19.Nf.5eO4.Or.O2.O.2O.Oa.O4.O.O.6O.4O.O.O.O3.O2.O.2O.O.O.O.O.O2.O.2O4.O7.O4.O4.O.Oa.Oh' +
  '.5O3.O5.Oh.g4Nd.25fNa.smOwyo.wO37e.6O66.2O4g2.eO5rl.fOha.1wiOf2.15uO3t7.5O38g.f9e8M6o.47bk'
