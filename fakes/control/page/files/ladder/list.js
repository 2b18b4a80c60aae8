// A long list of which only the visible rows are in the document. Arrow keys choose a row, Enter opens it.
import {make} from "../dom.js";
import {drawn, HEIGHT} from "./drawing.js";

const AROUND = 6;  // rows that are kept above and below the visible ones

export class List {
  #box; #space = make("div", {class: "space", role: "presentation"}); #rows = []; #chosen = null; #open; #touched; #wanted = null;

  // `open` is called with a row that somebody opens, `touched` when somebody looks around.
  constructor(box, open, touched) {
    this.#box = box;
    this.#open = open;
    this.#touched = touched;
    box.append(this.#space);
    box.addEventListener("scroll", () => this.#draw());
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("wheel", (event) => { if (event.deltaY < 0) touched(); }, {passive: true});
    box.addEventListener("pointerdown", () => touched());
    this.#space.addEventListener("click", (event) => {
      const node = event.target.closest("[data-place]");
      if (node) this.#select(Number(node.dataset.place), true);
    });
    new ResizeObserver(() => this.#draw()).observe(box);
  }

  // Shows these rows; with `follow`, the newest stays in view.
  show(rows, follow) {
    this.#rows = rows;
    this.#space.style.height = `${rows.length * HEIGHT}px`;
    if (this.#wanted) this.choose(this.#wanted);
    if (follow) this.#box.scrollTop = rows.length * HEIGHT;
    this.#draw();
  }

  // Chooses the first row for which `wanted` is true, now or when it arrives.
  choose(wanted) {
    const place = this.#rows.findIndex(wanted);
    this.#wanted = place < 0 ? wanted : null;
    if (place >= 0) this.#select(place, false);
  }

  #select(place, open) {
    this.#chosen = this.#rows[place].key;
    const top = place * HEIGHT, box = this.#box;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + HEIGHT - box.clientHeight;
    this.#draw();
    if (open) this.#open(this.#rows[place]);
  }

  #key(event) {
    const last = this.#rows.length - 1;
    if (last < 0) return;
    const found = this.#rows.findIndex((row) => row.key === this.#chosen), place = found < 0 ? last : found, page = Math.floor(this.#box.clientHeight / HEIGHT);
    const next = {ArrowUp: place - 1, ArrowDown: place + 1, PageUp: place - page, PageDown: place + page, Home: 0, End: last};
    if (event.key in next) this.#select(Math.min(last, Math.max(0, found < 0 && event.key !== "Home" ? last : next[event.key])), false);
    else if (event.key === "Enter" && found >= 0) this.#open(this.#rows[place]);
    else return;
    this.#touched();
    event.preventDefault();
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.#box.scrollTop / HEIGHT) - AROUND);
    const last = Math.min(this.#rows.length, Math.ceil((this.#box.scrollTop + this.#box.clientHeight) / HEIGHT) + AROUND);
    const nodes = [];
    for (let place = first; place < last; place++) {
      nodes.push(drawn(this.#rows[place], place, this.#rows.length, this.#rows[place].key === this.#chosen));
    }
    this.#space.replaceChildren(...nodes);
    const chosen = nodes.find((node) => node.getAttribute("aria-selected") === "true");
    if (chosen) this.#box.setAttribute("aria-activedescendant", chosen.id);
    else this.#box.removeAttribute("aria-activedescendant");
  }
}
