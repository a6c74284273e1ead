/** Asks again while the shop answers 503, as a client does it: on a busy machine it says so, and nothing has happened. */
export async function untilNotBusy<Answer extends { status: number }>(
  ask: () => Promise<Answer>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask();
    if (answer.status !== 503 || attempt === 10) return answer;
  }
}
