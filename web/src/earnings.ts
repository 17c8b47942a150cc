/** The account's page: says when something new has happened under its contract. The page itself stays as it is until asked. */
const news = document.querySelector<HTMLElement>("[data-stream]");
if (news) {
  const stream = new EventSource(news.dataset.stream as string);
  stream.onmessage = ({ lastEventId }) => {
    if (Number(lastEventId) > Number(news.dataset.seq)) news.hidden = false;
  };
  // A stream that was refused, because the session is over, is not asked for again by browsers.
  news.querySelector("a")!.onclick = (clicked) => {
    clicked.preventDefault();
    location.reload();
  };
}
