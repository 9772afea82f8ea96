//! A transaction without an answer of the target's: whose fault that is, as a fact, and the page of the gate instead.

use http::{Response, StatusCode};
use serde_json::json;

use super::{Transaction, over};
use crate::http::body::Outgoing;
use crate::http::flowing::{self, Outcome};
use crate::http::no_answer::NoAnswer;
use crate::http::pages::Page;
use crate::http::sending::Lost;

impl Transaction {
    /// What the client reads instead of an answer; the recording has it as the gate's.
    pub(super) async fn without_answer(&self, why: Option<NoAnswer>) -> Response<Outgoing> {
        let console = &self.console;
        let (page, outcome, said) = match why {
            None if console.ended().is_some() => (over(console), Outcome::Cut, None),
            // Nobody waits for it any more.
            None => (over(console), Outcome::Aborted, None),
            Some(why) => {
                self.tell(&why).await;
                (self.page_instead(&why), Outcome::Aborted, Some(why.to_string()))
            }
        };
        self.answer_of_the_gate(page, outcome, said).await
    }

    /// Whose fault it is, as a fact.
    async fn tell(&self, why: &NoAnswer) {
        match why {
            NoAnswer::Lost(Lost::Slow) => self.client.misspoke(&why.to_string()).await,
            NoAnswer::Dial(error) => self.console.target_failed(&self.lane, self.n, error).await,
            why => {
                if let Some(error) = why.failure() {
                    self.console.target_failed(&self.lane, self.n, &error).await;
                }
            }
        }
    }

    fn page_instead(&self, why: &NoAnswer) -> Page {
        match why {
            NoAnswer::Lost(Lost::Client | Lost::Slow) => {
                Page::bad(StatusCode::REQUEST_TIMEOUT, "the rest of the request did not come")
            }
            NoAnswer::InputOver | NoAnswer::Lost(Lost::Over) => {
                self.console.ended().map_or_else(Page::input_over, |_| over(&self.console))
            }
            why => {
                let reference = chaperone_session::new_reference();
                let session = self.console.session.id();
                tracing::warn!(session.id = %session, %reference, error = %why, "a console's request got no answer");
                Page::unreachable(why.sentence(), &reference)
            }
        }
    }

    async fn answer_of_the_gate(
        &self,
        page: Page,
        outcome: Outcome,
        said: Option<String>,
    ) -> Response<Outgoing> {
        let answered = json!({
            "n": self.n, "status": page.code().as_u16(), "headers": [], "version": "HTTP/1.1", "by": "gate", "why": said,
        });
        let console = &self.console;
        flowing::note(&console.session, &self.lane, "http-response", answered).await;
        self.response_ended(outcome).await;
        page.into_answer()
    }
}
