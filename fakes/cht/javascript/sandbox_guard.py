"""A limit on the work inside JavaScript's built-in functions, which the engine cannot interrupt.

`Array(1 << 28).join("a")` runs for seconds in one call. So the functions of lists count the items they go through;
beyond the limit the expression loops until its time is up, which ends it like every other endless loop.
Functions of texts are not counted: memory limits them, but not a search for one long text in another.
"""

from __future__ import annotations

LIMIT = 1 << 22
"""Items that built-in functions may go through in one expression: about a fifth of a second."""

GUARD = """(function (limit, apply, define, names, isArray) {
  var spent = 0;
  var quick = ["constructor", "at", "toString", "keys", "values", "entries", "push", "pop"];
  function spend(items) {
    if (items > 0) { spent += items; while (spent > limit); }
  }
  function ofList(list, given) {
    if (list !== null && list !== undefined) spend(+list.length);
    for (var i = 0; i < given.length; i++) if (isArray(given[i])) spend(given[i].length);
  }
  function wrap(owner, count) {
    names(owner).forEach(function (name) {
      var original = owner[name];
      if (typeof original !== "function" || quick.includes(name)) return;
      var guarded = {[name]() { count(this, arguments, name); return apply(original, this, arguments); }}[name];
      define(owner, name, {value: guarded, writable: true, configurable: true, enumerable: false});
    });
  }
  wrap(Array.prototype, function (list, given, name) {
    ofList(list, given);
    if (name === "flat" && isArray(list)) ofList(null, list);
  });
})(%d, Reflect.apply, Object.defineProperty, Object.getOwnPropertyNames, Array.isArray)"""


def guard() -> str:
    """The script that sets the limit in a fresh context."""
    return GUARD % LIMIT
