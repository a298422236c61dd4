"use strict";
// Tables are sorted by the button in the head of a column: up, then down. What is empty comes last, totals stay below.
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => head.firstElementChild.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[place].dataset.sort;
    const compare = (one, other) => {
      if (key(one) === "" || key(other) === "") return (key(one) === "") - (key(other) === "");
      const numbers = key(one) - key(other);
      const order = Number.isNaN(numbers) ? key(one).localeCompare(key(other), "nl", { numeric: true }) : numbers;
      return down ? -order : order;
    };
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
  }));
}
