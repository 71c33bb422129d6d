// Moves an element of a list by its grip, with mouse, finger or pen.

/**
 * @param {HTMLElement} grip
 * @param {HTMLElement} item
 * @param {HTMLElement} list
 * @param {(place: number) => void} dropped
 */
export function drag(grip, item, list, dropped) {
  let begun = -1;
  grip.addEventListener("pointerdown", (event) => {
    begun = [...list.children].indexOf(item);
    grip.setPointerCapture(event.pointerId);
    item.classList.add("dragged");
    event.preventDefault();
  });
  grip.addEventListener("pointermove", (event) => {
    if (begun < 0) return;
    // The others move past the item: an element that is taken out loses the pointer.
    const { previousElementSibling: above, nextElementSibling: below } = item;
    if (above && event.clientY < middle(above)) item.after(above);
    else if (below && event.clientY > middle(below)) item.before(below);
  });
  const end = () => {
    if (begun < 0) return;
    item.classList.remove("dragged");
    const place = [...list.children].indexOf(item);
    if (place !== begun) dropped(place);
    begun = -1;
  };
  grip.addEventListener("pointerup", end);
  grip.addEventListener("pointercancel", end);
}

/** @param {Element} element */
function middle(element) {
  const box = element.getBoundingClientRect();
  return box.top + box.height / 2;
}
