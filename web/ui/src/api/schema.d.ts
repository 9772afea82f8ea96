export interface paths {
    "/api/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The queue, newest last. */
        get: {
            parameters: {
                query?: {
                    /** @description Closed ones too. */
                    all?: boolean;
                    /** @description At most this many of the newest. */
                    limit?: number;
                    /** @description Of this severity alone. */
                    severity?: string;
                    /** @description `open`, `closed` or `all`; goes before `all`. */
                    state?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AlertView"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/alerts/{alert}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One alert, from top to bottom. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    alert: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AlertView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/alerts/{alert}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes an alert. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    alert: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AlertView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/alerts/{alert}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Closes an alert. The next attempt of its group starts a new one. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    alert: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AlertClose"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AlertView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bundles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a bundle of evidence, and sends it while it is made. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewBundle"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/x-tar": string;
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/clock/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Accepts facts that lie in the future of a clock that had been ahead. Takes two people. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ForkView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/connect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs what a technician needs to come by TLS, in a window of theirs that is open now. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewConnection"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ConnectionView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/demo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The demo's desks; 404 outside the demo. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DemoView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/demo/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in as somebody of the demo's cast; 404 outside the demo. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DemoSignIn"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Me"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/destinations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All destinations, with what waits for them. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DestinationView"][];
                    };
                };
            };
        };
        put?: never;
        /** Adds a destination. Alerts go there from now on. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewDestination"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DestinationView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/destinations/{destination}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a destination. What waits for it is not sent. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    destination: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DestinationView"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/destinations/{destination}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a test message through a destination, and waits a moment for its receiver. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    destination: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Go"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DestinationView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page for people that shows the description. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/emergency/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Enrols a technician on the spot: for at most four hours, with one key, for emergency windows only. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewOnTheSpot"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/emergency/windows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks for an emergency window in the name of a technician who called, and gives the first of its two words. It opens
         *     when the other is given: an engineer's and, as another person, an analyst's or lead's.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewEmergency"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/enrolment/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Spends an enrolment link. The recovery codes are shown once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["EnrolmentAnswer"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecoveryCodes"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/enrolment/look": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What is behind an enrolment link; looking spends nothing. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LinkToken"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EnrolmentOffer"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What has become stale, from now on; everything to begin with. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/freezes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Freezes that are not long over. A vendor's people see those that meet their windows, and not what else they cover. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FreezeView"][];
                    };
                };
            };
        };
        put?: never;
        /** Adds a freeze. Visits that run when it begins are ended. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewFreeze"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FreezeView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/freezes/{freeze}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Lifts a freeze. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    freeze: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FreezeView"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keep": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every hold that stands, oldest first, with the word that it be lifted. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["HoldView"][];
                    };
                };
            };
        };
        put?: never;
        /** Keeps evidence until two people lift this. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewHold"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["HoldView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keep/{hold}/lift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lifts a hold: the first person's word waits for a day, another person's does it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    hold: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TogetherView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ledger/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest signed checkpoint, and the key to check it with. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CheckpointView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ledger/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Facts with what their leaves commit to, a JSON object a line: whoever has them recomputes every leaf. */
        get: {
            parameters: {
                query: {
                    /** @description From this number on. */
                    from?: number;
                    /** @description Why it leaves the house, in words; stored in the ledger. */
                    reason: string;
                    /** @description Before this number; without it to the end, as it is now. */
                    to?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/x-ndjson": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ledger/facts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Facts in order. One fact stands for the pages of one search. */
        get: {
            parameters: {
                query?: {
                    /** @description From this number on. */
                    after?: number;
                    /** @description Happened at or after this instant (RFC 3339). */
                    from?: string;
                    /** @description Of this kind. */
                    kind?: string;
                    /** @description At most this many. */
                    limit?: number;
                    /** @description Login of whom they are about, or who did it. */
                    person?: string;
                    /** @description Why, in words; stored in the ledger. */
                    reason?: string;
                    /** @description Id of the visit. */
                    session?: string;
                    /** @description Name of the server. */
                    target?: string;
                    /** @description Happened before this instant (RFC 3339). */
                    to?: string;
                    /** @description Id of the window. */
                    window?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FactsView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ledger/fork": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Goes on from a database that went back. Takes two people. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ForkRequest"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ForkView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ledger/proof/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** That the ledger of a signed checkpoint is an older one with more behind it. */
        get: {
            parameters: {
                query: {
                    /** @description `json`, or `text`: the older size, the proof, the checkpoint. */
                    format?: string;
                    /** @description Facts in the older ledger. */
                    from: number;
                    /** @description To the signed checkpoint of this many facts; without it to the newest. */
                    to?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ConsistencyView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ledger/proof/inclusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** That a fact is in the ledger of a signed checkpoint. */
        get: {
            parameters: {
                query: {
                    /** @description Number of the fact. */
                    fact: number;
                    /** @description `json`, or `text`: C2SP tlog-proof alone. */
                    format?: string;
                    /** @description In the signed checkpoint of this many facts; without it in the newest. */
                    size?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["InclusionView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ledger/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Recomputes everything from the first fact, and holds it against checkpoints that somebody else has kept. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["VerifyLedger"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LedgerVerdict"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether everything is locked. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EverythingLock"];
                    };
                };
            };
        };
        put?: never;
        /** Ends every visit, and lets nobody in, until it is lifted. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EverythingLock"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the caller is, and what of the pages is theirs. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Me"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/my/servers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The servers that the caller knows of from windows of theirs. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MyServer"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The description of this API. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The people whom the caller may know of. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"][];
                    };
                };
            };
        };
        put?: never;
        /** Enrols a person. A clinical engineer may enrol technicians only. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPerson"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people/{login}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One person. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Sign-in name */
                    login: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people/{login}/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Says where a person gets mail, or that they get none. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Sign-in name */
                    login: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewEmail"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people/{login}/enrolment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a link that enrols somebody, in place of one made before. Shown once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Sign-in name */
                    login: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Go"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EnrolmentLink"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people/{login}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Enrols one more key. A key that somebody has already is refused. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Sign-in name */
                    login: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people/{login}/keys/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Withdraws a key: from now on it proves nobody, and visits that were begun with it end. It stays on record, and nobody
         *     can enrol it again.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Sign-in name */
                    login: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WithdrawnKey"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people/{login}/lock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keeps a person out and ends their visits. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Sign-in name */
                    login: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people/{login}/networks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Says where a person may come from. Visits from elsewhere end. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Sign-in name */
                    login: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewNetworks"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people/{login}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes somebody's password and second factor away: an administrator says so and an engineer, in either order. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Sign-in name */
                    login: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ResetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/people/{login}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a person in again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Sign-in name */
                    login: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reconcile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Which sign-ins of a server's own log no visit explains: each is an alarm. */
        post: {
            parameters: {
                query: {
                    /** @description sshd, journal, windows-csv or windows-xml; without it what the log looks like. */
                    format?: string;
                    /** @description Only what happened at or after this instant (RFC 3339). */
                    from?: string;
                    /** @description Why, in words; stored in the ledger. */
                    reason?: string;
                    /** @description Name of the server. */
                    target: string;
                    /** @description The time zone of times without one, as IANA names it; the hospital's without it. */
                    time_zone?: string;
                    /** @description Only what happened before this instant (RFC 3339). */
                    to?: string;
                    /** @description How far the server's clock may be from the gate's, in seconds; 60 without it. */
                    tolerance_seconds?: number;
                    /** @description The year of lines without one; this year without it. */
                    year?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            /** @description The log, at most 64 MiB */
            requestBody: {
                content: {
                    "text/plain": string;
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReconcileView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The recordings that the caller may know of, newest last; not what is in them. */
        get: {
            parameters: {
                query?: {
                    /** @description At most this many of the newest. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecordingView"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One recording; not what is in it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id of the visit */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecordingView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings/{session}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A copy, in one of the formats. */
        get: {
            parameters: {
                query: {
                    /**
                     * @description asciicast-v3, asciicast-v2, txt, jsonl, har (HTTP transactions), pcapng (forwards and TLS as packets), files (a tar of
                     *     each stream's bytes) or chap.
                     */
                    format: components["schemas"]["ExportFormat"];
                    /** @description Why a copy leaves the house, in words; stored in the ledger. */
                    reason: string;
                    /** @description Whether typed input is shown, which another person has agreed to. */
                    unmask?: boolean;
                };
                header?: never;
                path: {
                    /** @description Id of the visit */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings/{session}/play": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A piece to play: the screen at a moment, and what follows for some minutes. */
        get: {
            parameters: {
                query: {
                    /** @description The channel's number. */
                    channel: number;
                    /** @description From which millisecond on. */
                    from_ms?: number;
                    /** @description Why, in words; stored in the ledger. Without it the newest alert of the visit, or the visit's window, is the reason. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Id of the visit */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PieceView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings/{session}/text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was on the screen, as text. */
        get: {
            parameters: {
                query?: {
                    /** @description Why, in words; stored in the ledger. Without it the newest alert of the visit, or the visit's window, is the reason. */
                    reason?: string;
                    /** @description Whether typed input is shown, which another person has agreed to. */
                    unmask?: boolean;
                };
                header?: never;
                path: {
                    /** @description Id of the visit */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings/{session}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What there is to play, with moments to jump to. */
        get: {
            parameters: {
                query?: {
                    /** @description Why, in words; stored in the ledger. Without it the newest alert of the visit, or the visit's window, is the reason. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Id of the visit */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TimelineView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings/{session}/transactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The HTTP transactions of a visit, by when they began. */
        get: {
            parameters: {
                query?: {
                    /** @description Behind this place in the table. */
                    after?: number;
                    /** @description At most this many. */
                    limit?: number;
                    /** @description Those with this in their method, URL, status, type, hashes or file names; case does not count. */
                    q?: string;
                    /** @description Why, in words; stored in the ledger. Without it the newest alert of the visit, or the visit's window, is the reason. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Id of the visit */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TransactionsView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings/{session}/transactions/{place}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One transaction with its heads, and the messages of an upgraded connection. */
        get: {
            parameters: {
                query?: {
                    /** @description Why, in words; stored in the ledger. Without it the newest alert of the visit, or the visit's window, is the reason. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Place in the table */
                    place: number;
                    /** @description Id of the visit */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TransactionOpened"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings/{session}/transactions/{place}/body": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The content of a body as it was recorded, without its content coding where that is known. */
        get: {
            parameters: {
                query: {
                    /** @description At most this many bytes; 1 MiB unless told, 64 MiB at most. */
                    most?: number;
                    /** @description request or response. */
                    of: "request" | "response";
                    /** @description Why, in words; stored in the ledger. Without it the newest alert of the visit, or the visit's window, is the reason. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Place in the table */
                    place: number;
                    /** @description Id of the visit */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recordings/{session}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Checks its chain, its seal, and that the ledger has the same seal. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id of the visit */
                    session: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecordingVerdict"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every class, what it is assigned to, and what waits for a second person. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RetentionView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/retention/allow": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks that a run go on which has stopped, because of the clock's leap or because it would delete too much at once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TogetherView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/retention/assigned": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Says by which class a server's or a company's evidence is kept. A shorter one waits for a second person. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewAssigned"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TogetherView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/retention/classes/{class}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets a class, new or with other days. Shorter days wait for a second person. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Its name */
                    class: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewClass"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TogetherView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/retention/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Deletes what is over its time now, and not at the next full hour; or only says what is. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RetentionRun"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RetainedView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/retention/words/{word}/agree": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Agrees, as the second person, to what shortens retention. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id of the wish */
                    word: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Go"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WordView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/retention/words/{word}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says no to what would shorten retention, or takes one's own wish back. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id of the wish */
                    word: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WordView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lines that have the phrase, newest visits first. Each is a hint where to look, read out of the recording; the recording
         *     is the evidence.
         */
        get: {
            parameters: {
                query: {
                    /** @description On visits that began at or after this instant (RFC 3339). */
                    from?: string;
                    /** @description At most this many hits. */
                    limit?: number;
                    /** @description Login. */
                    person?: string;
                    /** @description The phrase: its words, in this order, of one line. Case and punctuation do not count. */
                    q: string;
                    /** @description Why, in words; it goes into the ledger. */
                    reason?: string;
                    /** @description Name of the server. */
                    target?: string;
                    /** @description On visits that began before this instant (RFC 3339). */
                    to?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SearchHit"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The visits that the caller may know of, newest last. */
        get: {
            parameters: {
                query?: {
                    /** @description Admitted at or after this instant (RFC 3339). */
                    from?: string;
                    /** @description At most this many of the newest. */
                    limit?: number;
                    /** @description A part of the login. */
                    person?: string;
                    /** @description `live` or `ended`. */
                    state?: string;
                    /** @description A part of the server's name. */
                    target?: string;
                    /** @description Admitted before this instant (RFC 3339). */
                    to?: string;
                    /** @description A part of the vendor's name. */
                    vendor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"][];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One visit. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{session}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stops a visit's input. Output still flows and is recorded. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    session: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{session}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a visit's input flow again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    session: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{session}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a visit now. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    session: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{session}/watch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a visit shows, from now on. Events: `start`, `screen`, `output`, `http`, `resize`, `end`, `state`, `skipped`, `over`. */
        get: {
            parameters: {
                query?: {
                    /** @description Why, in words; stored in the ledger. Without it the newest alert of the visit, or the visit's window, is the reason. */
                    reason?: string;
                };
                header?: never;
                path: {
                    /** @description Id */
                    session: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs a browser in by password and second factor. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignIn"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Me"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Signs the browser out, at once, and leaves the web consoles that were opened from it. With a token it leaves those that were
         *     opened with that; the token itself is good until its end.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Go"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ssh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Carries SSH: binary messages are the stream's bytes, an empty one says that nothing more comes from that side. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The connection speaks the web socket protocol from here on */
                101: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ssh/user-ca": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public line of the CA, and while it is being replaced that of the new one. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserCaView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ssh/user-ca/next": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a new CA beside the old one. Until the old one is retired both sign: the new one first, so that the visits' own facts say
         *     which servers trust it.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserCaView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ssh/user-ca/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Retires the old CA: no certificate of it is made any more, and servers may forget it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserCaView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/step-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Proves a second factor again: for a while acts that want a fresh proof are done. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Code"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProvenUntil"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The servers that the caller may know of. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"][];
                    };
                };
            };
        };
        put?: never;
        /** Adds a server, and seals its credentials. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewTarget"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One server. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/addresses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Says where a server is: one or more addresses, in the order in which they are tried. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewAddresses"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Seals a new credential for one of the server's accounts; a new account is added to those that windows may use. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewCredential"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Adds ways to reach a server. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewEndpoints"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/endpoints/remove": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a way to reach a server away, with what is sealed for it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RemovedEndpoint"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/host-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Proposes host keys, or authorities over them: given ones, or those that the server shows to the gate. Another engineer
         *     approves each before it counts; what is pinned already goes on.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewHostKeys"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/host-keys/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Says yes to a proposed host key, as the second pair of eyes; or stands for one that the gate has proposed, which then
         *     waits for another.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["HostKeyWord"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/host-keys/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says no to a proposed host key, or takes back one's own proposal. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["HostKeyWord"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/host-keys/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a pinned host key, or an authority, away: from now on who shows it is somebody else. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["HostKeyWord"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/legacy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Allows a server to speak old algorithms for a time, or takes that back. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewLegacy"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/lock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keeps everybody out of a server and ends its visits. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/tls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Changes a server's TLS service, or adds one: what is not said stays. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ChangeTls"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets visits to a server happen again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/targets/{target}/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Says how files come to a server from now on. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    target: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewUploads"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TargetView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Carries TLS: binary messages are the stream's bytes, an empty one says that nothing more comes from that side. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The connection speaks the web socket protocol from here on */
                101: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tls/authority": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The certificate that vouches for the gate, for trust stores, and while it is being replaced that of the new one: public,
         *     as what they vouch for shows to everybody.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TlsAuthorityView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tls/authority/next": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a new authority beside the old one. Both are trusted at every node until the old one is retired; the new one signs
         *     for technicians within seconds, the old one for the gate's own door, since browsers know it already.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TlsAuthorityView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tls/authority/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retires the old authority: what it signed is taken at no door any more, and the gate's own door shows what the new one
         *     signs. What is open goes on.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RetireTlsAuthority"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TlsAuthorityView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lifts the lock on everything. Locks on people, vendors and servers stay. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EverythingLock"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/unmask": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who asked to see typed input and what became of it, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WordView"][];
                    };
                };
            };
        };
        put?: never;
        /** Asks to see what was typed in a visit. It is shown once another person has agreed. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewUnmask"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WordView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/unmask/{word}/agree": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Agrees that whoever asked sees what was typed. Never one's own wish. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id of the wish */
                    word: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Go"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WordView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/unmask/{word}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says no to a wish, or ends what was agreed to. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id of the wish */
                    word: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WordView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/unmask/{word}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes one's own wish back. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id of the wish */
                    word: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WordView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/vendors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The companies that the caller may know of. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VendorView"][];
                    };
                };
            };
        };
        put?: never;
        /** Adds a company. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewVendor"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VendorView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/vendors/{vendor}/authorities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The keys that sign certificates for a company, and what of them is believed no more. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    vendor: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AuthoritiesView"];
                    };
                };
            };
        };
        put?: never;
        /** Believes certificates that this key signs, for people of this company alone. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    vendor: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewAuthority"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AuthoritiesView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/vendors/{vendor}/authorities/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Believes a key no more: no certificate of it proves anybody, and visits that were begun with one end. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    vendor: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WithdrawnAuthority"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AuthoritiesView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/vendors/{vendor}/lock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keeps all its people out and ends their visits. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    vendor: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VendorView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/vendors/{vendor}/networks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Says where a company's people may come from. Visits from elsewhere end. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    vendor: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewNetworks"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VendorView"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/vendors/{vendor}/revocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Believes some certificates of a company no more, and ends the visits that were begun with them. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    vendor: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewRevocation"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AuthoritiesView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/vendors/{vendor}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets its people in again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Name */
                    vendor: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VendorView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The windows that the caller may know of, by when they open: all that are not over, and the newest of those that are. */
        get: {
            parameters: {
                query?: {
                    /** @description At most this many of the newest. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"][];
                    };
                };
            };
        };
        put?: never;
        /** Asks for a window. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewWindow"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One window. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A technician accepts a window that others booked or moved. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Go"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says yes: an approval, one of the two words of an emergency, or an engineer's yes to a replaced technician. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Go"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/card": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The server's card, what else is planned, and what will and will not be recorded. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowCard"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/connect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How to come by SSH: the lines to paste, and the key by which to know the gate. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ConnectView"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/console": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens a web console of a window that is open. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OpenConsole"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ConsoleView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/deny": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says no. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it a new end: later to extend, earlier to shorten. What is relative is from now. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewCloses"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The files that were sent ahead for a window, the oldest first, whatever became of them. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SentFileView"][];
                    };
                };
            };
        };
        put?: never;
        /**
         * Sends a file ahead: the body is the file. It is hashed, scanned and sealed before the answer; one in which the scanner
         *     finds something, or which it cannot look at, is refused.
         */
        post: {
            parameters: {
                query: {
                    /** @description The file's name, without a folder. */
                    name: string;
                };
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/octet-stream": string;
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SentFileView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/files/{file}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Puts a file onto the server of a visit of the caller's that is on. The answer comes once the server has it, and what
         *     was read back from there is the file.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    file: string;
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["FileRelease"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SentFileView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/files/{file}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a file back that has not been released, or is not to be released again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    file: string;
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Go"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SentFileView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/go": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives the clinical go of the day. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Go"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/more-time": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A technician asks for more time. Who may extend the window sees it beside it, and answers by extending or not. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewCloses"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it new times. Approvals of other roles lapse, and its technicians accept again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["MoveWindow"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/observer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Wants an observer, or does without one any more; running visits obey at once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewObserver"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/return": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Returns a server to service: its technician says how it is left, or an engineer for one who cannot any more. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReturnToService"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/review": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says that the evidence of a window's visits has been looked at, and what was found. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a window now, with its visits. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/substitute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts one technician in place of another of the same vendor. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Substitute"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/windows/{window}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a request back. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Id */
                    window: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Because"];
                };
            };
            responses: {
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WindowView"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process runs. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counters in the Prometheus text format. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A visit would be let in: the database answers, recordings can be written, the disk has room. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description How an alert is closed. */
        AlertClose: {
            /** @description What it was. */
            disposition: components["schemas"]["Disposition"];
            /** @description In words. */
            note?: string;
        };
        /** @description An alert. */
        AlertView: {
            /** @description Login of who took it. */
            acknowledged_by?: string | null;
            /** @description Login of who closed it. */
            closed_by?: string | null;
            /** @description Who, what, when, what next: the alert from top to bottom. */
            content: Record<string, never>;
            /**
             * Format: int64
             * @description How many attempts are grouped in it.
             */
            count: number;
            /** @description How it was closed. */
            disposition?: string | null;
            /** @description By when it is to be acknowledged, decided and closed; nothing for what is done. */
            due?: components["schemas"]["DueView"];
            /**
             * Format: date-time
             * @description When the group began.
             */
            first_at: string;
            /**
             * @description Visits of this vendor on this server in 90 days, by hour of the week from Monday 00:00 in hospital time; only of
             *     one alert.
             */
            histogram?: number[] | null;
            /**
             * Format: uuid
             * @description Identity.
             */
            id: string;
            /**
             * Format: date-time
             * @description When it last grew.
             */
            last_at: string;
            /** @description Other visits on the server now; only of one alert. */
            live_now?: components["schemas"]["SessionView"][];
            /** @description What they wrote. */
            note?: string | null;
            /** @description Other alerts of the last day about the same person, vendor or server; only of one alert. */
            related?: components["schemas"]["RelatedView"][];
            /** @description The rule that raised it. */
            rule: string;
            /** @description low, medium, high, critical. */
            severity: string;
            /** @description Where it stands: new, acknowledged, closed. */
            state: string;
            /** @description Verdict in words. */
            title: string;
        };
        /** @description One yes. */
        ApprovalView: {
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description Login. */
            by: string;
            /** @description As what. */
            role: string;
        };
        /** @description By which class something is kept. */
        AssignedView: {
            /** @description By which class. */
            class: string;
            /** @description `target` or `vendor`. */
            kind: string;
            /** @description Which. */
            name: string;
        };
        /** @description Who a company says its people are. */
        AuthoritiesView: {
            /** @description The keys that sign for it. */
            authorities: components["schemas"]["AuthorityView"][];
            /** @description What of their certificates is believed no more, the newest first. */
            revoked: components["schemas"]["RevokedView"][];
            /** @description Its name. */
            vendor: string;
        };
        /** @description An authority. */
        AuthorityView: {
            /** @description As in the public key line. */
            algorithm: string;
            /** @description As `ssh-keygen -l` prints it. */
            fingerprint: string;
            /**
             * Format: date-time
             * @description First instant at which no certificate of it is believed any more.
             */
            valid_until?: string | null;
        };
        /** @description Why something is done, in words. Stored in the ledger. */
        Because: {
            /** @description The reason; acts that cut somebody off want one. */
            reason?: string;
        };
        /** @description What people want to know of a target at a glance. */
        CardView: {
            /**
             * @description Where the unit is told by mail what is planned on it.
             * @default null
             */
            contact: string | null;
            /**
             * @description Group for scopes.
             * @default null
             */
            group: string | null;
            /**
             * @description Whether therapy depends on it at this time.
             * @default false
             */
            in_clinical_use: boolean;
            /**
             * @description Whether it holds patient data.
             * @default false
             */
            patient_data: boolean;
            /**
             * Format: int32
             * @description Pumps that depend on it.
             * @default null
             */
            pumps: number | null;
            /**
             * @description Hospital site.
             * @default null
             */
            site: string | null;
            /**
             * @description Unit served.
             * @default null
             * @example ICU, ED
             */
            unit: string | null;
        };
        /** @description A certificate, in words. */
        CertificateView: {
            /** @description SHA-256, as `openssl x509 -fingerprint -sha256` shows it. */
            fingerprint: string;
            /** @description Whose it is, as it says. */
            subject: string;
            /**
             * Format: date-time
             * @description The last second in which it is valid.
             */
            until: string;
        };
        /** @description What changes of a TLS service; what is not said stays. A target that has none gets one. */
        ChangeTls: {
            /**
             * @description `HOST:PORT`.
             * @default null
             */
            address: string | null;
            /** @default null */
            client: components["schemas"]["NewClientCertificate"] | null;
            /**
             * @description Whether it is a web console.
             * @default null
             */
            http: boolean | null;
            /**
             * @description SHA-256 of public keys, in place of those before.
             * @default null
             */
            pins: string[] | null;
            /** @default null */
            plain_http: components["schemas"]["NewPlainHttp"] | null;
            /**
             * @description Why.
             * @default
             */
            reason: string;
            /**
             * @description Name that its certificate must carry.
             * @default null
             */
            server_name: string | null;
            /** @default null */
            sign_in: components["schemas"]["NewConsoleSignIn"] | null;
            /**
             * @description PEM certificates to trust for it, in place of those before; an empty text where a pinned key alone is to do.
             * @default null
             */
            trust_pem: string | null;
            /**
             * @description What it is to have no longer: `client`, `sign-in`, `plain-http`.
             * @default []
             */
            without: string[];
        };
        /** @description The newest signed checkpoint. */
        CheckpointView: {
            /** @description The signed note (C2SP tlog-checkpoint). */
            note: string;
            /** @description The key to check it with (C2SP signed-note verifier key). */
            verifier_key: string;
        };
        /** @description How long evidence is kept, by name. */
        ClassView: {
            /**
             * Format: int32
             * @description Days that facts keep their words; their leaves stay for ever.
             */
            facts_days: number;
            /** @description Its name; `standard` is that of whatever has no other. */
            name: string;
            /**
             * Format: int32
             * @description Days that recordings are kept, from their seal.
             */
            recordings_days: number;
        };
        /** @description A second factor, proven again. */
        Code: {
            /** @description Six digits of the authenticator, or a recovery code. */
            code: string;
        };
        /** @description One endpoint of a server. */
        ConnectionEndpoint: {
            /** @description What the window grants it as. */
            access: string;
            /** @description Where it is, as the gate reaches it. */
            host: string;
            /** @description `tls`, `http` (a web console) or `tcp`. */
            kind: string;
            /** @description The first label of its name at the gate. */
            label: string;
            /**
             * Format: int32
             * @description Its own port.
             */
            port: number;
            /** @description What is recorded: `plain` (what is said), `bytes` (of another protocol), `flow` (only when and how much). */
            recorded: string;
            /** @description The name that its certificate carries; nothing of an endpoint that is no TLS. */
            server_name?: string | null;
        };
        /** @description A server to come to. */
        ConnectionTarget: {
            /** @description What of it the window grants. */
            endpoints: components["schemas"]["ConnectionEndpoint"][];
            /** @description Its name at the gate. */
            name: string;
        };
        /** @description How to come by TLS. */
        ConnectionView: {
            /** @description The certificate of the authority that vouches for the gate (PEM); while it is replaced, that of the new one behind it. */
            authority_pem: string;
            /** @description The technician's certificate (PEM). */
            certificate_pem: string;
            /**
             * Format: date-time
             * @description First instant in which nothing new opens.
             */
            closes: string;
            /** @description The gate's domain: an endpoint is `LABEL.tls.DOMAIN`. */
            domain: string;
            /** @description The name or address to dial. */
            host: string;
            /** @description The certificate of the authority that vouches for that, and for nothing else (PEM). */
            local_authority_pem?: string | null;
            /** @description What the technician's machine serves to itself (PEM); nothing where no key was given, or no server speaks TLS. */
            local_certificate_pem?: string | null;
            /**
             * Format: date-time
             * @description Since when it is open.
             */
            opens: string;
            /**
             * Format: int32
             * @description The port to dial.
             */
            port: number;
            /** @description The servers. */
            targets: components["schemas"]["ConnectionTarget"][];
            /**
             * Format: date-time
             * @description First instant in which the certificates are worth nothing. Ask again before, where the window is longer or was
             *     extended.
             */
            until: string;
            /** @description The window. */
            window: string;
        };
        /** @description A line to paste. */
        ConnectLine: {
            /** @description The line. */
            line: string;
            /** @description What it does. */
            what: string;
        };
        /** @description How to come by SSH in a window. */
        ConnectView: {
            /** @description The line for `known_hosts` that vouches for all servers which are reached by `ssh -J`; nothing where none is. */
            cert_authority?: string | null;
            /** @description The gate's host key, as `ssh-keygen -l` prints it. */
            fingerprint: string;
            /** @description The line for `known_hosts`. */
            known_hosts: string;
            /** @description Lines to paste into a terminal. */
            lines: components["schemas"]["ConnectLine"][];
            tls?: components["schemas"]["TlsWays"] | null;
        };
        /** @description That the ledger of a signed checkpoint is an older one with more behind it. */
        ConsistencyView: {
            /**
             * Format: int64
             * @description Facts in the older ledger.
             */
            from: number;
            /** @description Its root, hex. */
            from_root: string;
            /** @description As RFC 6962 §2.1.2 orders them, hex. */
            path: string[];
            /** @description The same, with the signed checkpoint, as the body of C2SP tlog-witness's add-checkpoint. */
            proof: string;
            /**
             * Format: int64
             * @description Facts in the checkpoint.
             */
            to: number;
            /** @description Their root, hex. */
            to_root: string;
            /** @description The key to check it with. */
            verifier_key: string;
        };
        /** @description The way to a console. */
        ConsoleView: {
            /** @description The server. */
            target: string;
            /**
             * Format: date-time
             * @description When nothing of the window flows any more.
             */
            until: string;
            /** @description Opens it in a browser, once, within a minute. */
            url: string;
        };
        /**
         * @description Kinds of credential.
         * @enum {string}
         */
        CredentialKind: "ssh-key" | "password" | "user-ca";
        /** @description Why a window came to nothing. */
        DecisionView: {
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description Login. */
            by: string;
            /** @description Why. */
            reason: string;
        };
        /** @description A desk of the demo. */
        DemoDesk: {
            /** @description `technician`, `engineering`, `soc` or `administration`. */
            desk: string;
            /** @description Sign-in name. */
            login: string;
            /** @description Name for people. */
            name: string;
            /** @description What they do there, in a sentence. */
            words: string;
        };
        /** @description Whom to sign in. */
        DemoSignIn: {
            /** @description Sign-in name. */
            login: string;
        };
        /** @description Whom the demo signs in with one click, and how to come by SSH. */
        DemoView: {
            /** @description One per desk. */
            desks: components["schemas"]["DemoDesk"][];
            /** @description What this is. */
            note: string;
            /** @description Lines to paste into a terminal. */
            ssh: string[];
        };
        /**
         * @description Kinds of destination.
         * @enum {string}
         */
        DestinationKind: "syslog" | "webhook" | "smtp";
        /** @description A destination. */
        DestinationView: {
            /** @description Whether it gets every event. */
            all_events: boolean;
            /** @description Whether it gets anything. */
            enabled: boolean;
            /** @description Whom mail is from. */
            from?: string | null;
            /**
             * Format: uuid
             * @description Identity.
             */
            id: string;
            /** @description What it speaks. */
            kind: string;
            /** @description Why the last try failed. */
            last_error?: string | null;
            /** @description Name. */
            name: string;
            /** @description Whether it gets what people are told, instead of alerts. */
            notices: boolean;
            /**
             * Format: date-time
             * @description Since when the oldest of them waits.
             */
            oldest?: string | null;
            /** @description Whom alerts are mailed to. */
            to: string[];
            /** @description Where. */
            url: string;
            /**
             * Format: int64
             * @description Messages that wait.
             */
            waiting: number;
        };
        /**
         * @description What an alert turned out to be.
         * @enum {string}
         */
        Disposition: "true-positive" | "benign" | "false-positive" | "needs-more-data";
        /** @description By when something is to be done about an alert. */
        DueView: {
            /**
             * Format: date-time
             * @description Acknowledged.
             */
            acknowledge?: string | null;
            /**
             * Format: date-time
             * @description Closed.
             */
            close?: string | null;
            /**
             * Format: date-time
             * @description Decided: planned support or not.
             */
            decide?: string | null;
        };
        /** @description One way to reach a target. */
        EndpointView: {
            /** @description Accounts that windows may use; the first is the default. */
            accounts: string[];
            /** @description `HOST:PORT`. */
            address: string;
            /** @description Further addresses of the same server. */
            also: string[];
            /** @description Fingerprints of the keys that may sign its host keys. */
            authorities: string[];
            /** @description Fingerprints of the pinned host keys. */
            host_keys: string[];
            /** @enum {string} */
            kind: "ssh";
            legacy?: components["schemas"]["LegacyView"] | null;
        } | {
            /** @description `HOST:PORT`. */
            address: string;
            client?: components["schemas"]["CertificateView"] | null;
            /** @description Whether it is a web console. */
            http: boolean;
            /** @enum {string} */
            kind: "tls";
            /** @description SHA-256 of the keys of which its certificate must have one. */
            pins: string[];
            plain_http?: components["schemas"]["PlainHttpView"] | null;
            /** @description Name that its certificate must carry. */
            server_name: string;
            /** @description How the gate signs in to the console: `basic USER` or `header NAME`. */
            sign_in?: string | null;
            /** @description What vouches for it. */
            trust: components["schemas"]["CertificateView"][];
        } | {
            /** @description `HOST:PORT`. */
            address: string;
            /** @enum {string} */
            kind: "tcp";
            /** @description Its name. */
            name: string;
            /** @description Whether only the flow can be recorded. */
            opaque: boolean;
        };
        /** @description What somebody chose who enrols. */
        EnrolmentAnswer: {
            /** @description A first code of the authenticator. */
            code: string;
            /** @description The new password, at least twelve characters. */
            password: string;
            /** @description From the link's fragment. */
            token: string;
        };
        /** @description A link that enrols somebody, shown once. */
        EnrolmentLink: {
            /**
             * Format: date-time
             * @description First instant at which it is worth nothing.
             */
            expires: string;
            /** @description To be handed to the person on a way that only they read. */
            link: string;
        };
        /** @description What is behind an enrolment link. */
        EnrolmentOffer: {
            /**
             * Format: date-time
             * @description First instant at which the link is worth nothing.
             */
            expires: string;
            /** @description Sign-in name. */
            login: string;
            /** @description Name for people. */
            name: string;
            /** @description The `otpauth://` URL, for a QR code. */
            otpauth: string;
            /** @description The secret in base 32, for typing. */
            secret: string;
        };
        /** @description The lock on everything. */
        EverythingLock: {
            /** @description Why everything is locked; nothing when it is not. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description Since when.
             */
            since?: string | null;
            /** @description Whether the caller may lock and unlock everything. */
            yours: boolean;
        };
        /**
         * @description How a recording is exported.
         * @enum {string}
         */
        ExportFormat: "asciicast-v3" | "asciicast-v2" | "txt" | "jsonl" | "files" | "har" | "pcapng" | "chap";
        /** @description Facts that were searched for. */
        FactsView: {
            /** @description In order. */
            facts: components["schemas"]["FactView"][];
            /**
             * Format: int64
             * @description Ask again from this number for more; nothing when these are all.
             */
            next?: number | null;
        };
        /** @description One fact of the ledger. */
        FactView: {
            /**
             * Format: date-time
             * @description When it happened.
             */
            at: string;
            /** @description Everything else; nothing once retention has removed it. */
            body?: Record<string, never> | null;
            /** @description What kind. */
            kind: string;
            /** @description Which node wrote it. */
            node: string;
            /**
             * Format: int64
             * @description Without gaps, from 0.
             */
            number: number;
            /** @description Login of whom it is about, or who did it. */
            person?: string | null;
            /** @description Id of the visit. */
            session?: string | null;
            /** @description Name of the server. */
            target?: string | null;
            /** @description Id of the window. */
            window?: string | null;
        };
        /** @description Where a file is to go, in a visit that is on. */
        FileRelease: {
            /** @description The server's name, where visits to several are on. */
            target?: string | null;
            /**
             * @description A path on the server, or a folder that is there or ends with a slash.
             * @example /opt/alaris/incoming/
             */
            to: string;
        };
        /** @description One person's word that the ledger may go on from a database that went back. */
        ForkRequest: {
            /** @description Why: what was restored, by whom. */
            reason: string;
        };
        /** @description Where a fork stands. */
        ForkView: {
            /** @description Who has given their word. */
            by: string[];
            /** @description Whether both have, and it is done. */
            done: boolean;
            /** @description What happens next. */
            next: string;
        };
        /** @description A freeze. */
        FreezeView: {
            /**
             * Format: date-time
             * @description First frozen instant.
             */
            from?: string | null;
            /**
             * Format: uuid
             * @description Identity.
             */
            id: string;
            /** @description Why. */
            reason: string;
            /** @description Names of the targets; empty means all. */
            targets: string[];
            /**
             * Format: date-time
             * @description First instant that is not frozen any more.
             */
            until?: string | null;
        };
        /** @description The clinical go of the day. */
        Go: Record<string, never>;
        /** @description A header field. */
        HeaderField: {
            /** @description Name. */
            name: string;
            /** @description Value. */
            value: string;
        };
        /** @description A hold. */
        HoldView: {
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description Login of who put it. */
            by: string;
            /**
             * Format: date-time
             * @description Of that only what happened then or later.
             */
            from?: string | null;
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /** @description What it keeps: `session`, `window`, `person`, `target`, `vendor`. */
            kind: string;
            lifting?: components["schemas"]["WordView"] | null;
            /** @description Which. */
            name: string;
            /** @description Why. */
            reason: string;
            /**
             * Format: date-time
             * @description Of that only what happened before.
             */
            to?: string | null;
        };
        /** @description A word on one host key. */
        HostKeyWord: {
            /**
             * @description Which, as `ssh-keygen -l` prints it.
             * @example SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU
             */
            fingerprint: string;
            /** @description Why. */
            reason?: string;
        };
        /** @description A stretch without output. */
        Idle: {
            /**
             * Format: int64
             * @description From.
             */
            from_ms: number;
            /**
             * Format: int64
             * @description To.
             */
            to_ms: number;
        };
        /** @description That a fact is in the ledger of a signed checkpoint. */
        InclusionView: {
            /**
             * Format: int64
             * @description Number of the fact.
             */
            fact: number;
            /** @description Hash of its leaf, hex. */
            leaf_hash: string;
            /** @description From the leaf's sibling to the child of the root, hex (RFC 6962 §2.1.1). */
            path: string[];
            /** @description The same, with the signed checkpoint, as C2SP tlog-proof. */
            proof: string;
            /** @description Their root, hex. */
            root: string;
            /**
             * Format: int64
             * @description Facts in the checkpoint.
             */
            size: number;
            /** @description The key to check it with (C2SP signed-note verifier key). */
            verifier_key: string;
        };
        /** @description An enrolled key. */
        KeyView: {
            /** @description As in the public key line. */
            algorithm: string;
            /** @description As `ssh-keygen -l` prints it. */
            fingerprint: string;
            /**
             * Format: date-time
             * @description First instant it may no longer be used.
             */
            valid_until?: string | null;
            /** @description Whether its security key must verify who touches it. */
            verify_required?: boolean;
        };
        /** @description What recomputing the ledger found. */
        LedgerVerdict: {
            /**
             * Format: int64
             * @description Of those, whose words retention has cleared: their leaves hold.
             */
            emptied: number;
            /**
             * Format: int64
             * @description Number of facts.
             */
            facts: number;
            /**
             * Format: int64
             * @description Number of the first fact that differs.
             */
            first_bad?: number | null;
            /**
             * Format: int64
             * @description Checkpoints on the way that another key than this node's has signed.
             */
            foreign_checkpoints: number;
            /** @description Root hash over all of them, hex. */
            root: string;
            /** @description Whether every leaf, root and signed checkpoint agrees. */
            sound: boolean;
            /** @description In words. */
            summary: string;
        };
        /** @description Old algorithms that a target may speak for a time. */
        LegacyView: {
            /** @description Which. */
            algorithms: string[];
            /** @description Why. */
            reason: string;
            /**
             * Format: date-time
             * @description First instant at which they are no longer spoken.
             */
            until: string;
        };
        /** @description What an enrolment link carries. */
        LinkToken: {
            /** @description From the link's fragment. */
            token: string;
        };
        /** @description Who the caller is. */
        Me: {
            /** @description Acts of the table of rights that some role of theirs may do, or look at. */
            acts: string[];
            /** @description What every changing request of a browser carries in `X-CSRF-Token`. */
            csrf?: string | null;
            /** @description Desks: `technician`, `engineering`, `soc`, `administration`. */
            desks: string[];
            /** @description Whether the token was minted on the host. */
            host_minted: boolean;
            /** @description The caller. */
            person: components["schemas"]["PersonView"];
            /** @description Roles without their scopes. */
            roles: string[];
            /**
             * Format: date-time
             * @description When they signed in.
             */
            signed_in_at?: string | null;
            /**
             * Format: date-time
             * @description Until when acts that want a fresh second factor are done without asking.
             */
            step_up_until?: string | null;
            /** @description The hospital's IANA time zone. */
            time_zone: string;
            /**
             * Format: date-time
             * @description When the token, or the sign-in, ends.
             */
            token_expires: string;
        };
        /** @description Approvals that are still missing. */
        MissingView: {
            /**
             * Format: int32
             * @description How many.
             */
            count: number;
            /** @description Of which role. */
            role: string;
        };
        /** @description More time that was asked for. */
        MoreTimeView: {
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description Login of who asks. */
            by: string;
            /**
             * Format: date-time
             * @description First instant outside, as asked.
             */
            closes: string;
            /** @description Why. */
            reason: string;
        };
        /** @description New times for a window. */
        MoveWindow: {
            /** @description First instant outside. */
            closes: string;
            /** @description First instant inside. */
            opens: string;
            /** @description Why. */
            reason?: string;
        };
        /** @description A server that the caller may ask a window for. */
        MyServer: {
            /** @description Its name. */
            name: string;
            /** @description Where it is. */
            site?: string | null;
        };
        /** @description Where a target's SSH server is. */
        NewAddresses: {
            /** @description `HOST:PORT`, in the order in which they are tried; at least one. */
            addresses: string[];
            /** @description Why they change. */
            reason?: string;
        };
        /** @description By which class something is to be kept. */
        NewAssigned: {
            /** @description By which class. */
            class: string;
            /** @description `target` or `vendor`. */
            kind: string;
            /** @description Which. */
            name: string;
            /** @description Why. */
            reason: string;
        };
        /** @description A key that signs OpenSSH certificates for a company's people. */
        NewAuthority: {
            /** @description One OpenSSH public key line. */
            ssh_key: string;
            /** @description First instant at which no certificate of it is believed any more. */
            valid_until?: string | null;
        };
        /** @description A bundle that somebody asks for: about a server between two times, a window, or a visit; exactly one of the three. */
        NewBundle: {
            /**
             * Format: date-time
             * @description With a server: first instant inside (RFC 3339).
             */
            from?: string | null;
            /** @description Why; stored in the ledger and in the bundle. */
            reason: string;
            /** @description age recipients that the recordings' keys are sealed to; none: the keys are in the bundle as they are. */
            recipients?: string[];
            /** @description Id of the visit. */
            session?: string | null;
            /** @description The server's name. */
            target?: string | null;
            /**
             * Format: date-time
             * @description With a server: first instant outside (RFC 3339).
             */
            to?: string | null;
            /** @description Id of the window. */
            window?: string | null;
            /** @description Visits whose keys are left out: a named gap. */
            withhold?: string[];
        };
        /** @description New days of a class. */
        NewClass: {
            /**
             * Format: int32
             * @description Days that facts keep their words: at least as many as recordings, and at least 90.
             */
            facts_days: number;
            /** @description Why. */
            reason: string;
            /**
             * Format: int32
             * @description Days that recordings are kept.
             */
            recordings_days: number;
        };
        /** @description A certificate that the gate shows, and its key. */
        NewClientCertificate: {
            /** @description The certificate, with what vouches for it behind it (PEM). */
            certificate_pem: string;
            /** @description Its private key (PEM), without a passphrase. Sealed at once; no answer ever has it. */
            key_pem: string;
        };
        /** @description A new end of a window: later is an extension, earlier (but still ahead) shortens it. */
        NewCloses: {
            /**
             * @description First instant outside; what is relative is from now.
             * @example +120m
             */
            closes: string;
            /** @description Why. */
            reason?: string;
        };
        /** @description A wish to come by TLS. */
        NewConnection: {
            /** @description The public key of what the technician's machine serves to itself under the servers' names. */
            local_key_pem?: string | null;
            /**
             * @description The public key that proves at the gate who comes: PEM, ECDSA P-256 or P-384, Ed25519, or RSA from 2048 bits. Its
             *     private half stays where it was made.
             */
            public_key_pem: string;
            /**
             * @description The certificate that this one takes the place of, for the same key and window: what comes with either is one visit.
             *     Without it another visit begins.
             */
            renews_pem?: string | null;
            /**
             * @description A window's id, for all servers of it; or a server's name.
             * @example console-01
             */
            to: string;
        };
        /** @description How the gate signs in to a console: by one of the two. */
        NewConsoleSignIn: {
            /** @description This user, with the secret as the password (`Authorization: Basic`). */
            basic?: string | null;
            /** @description This header, with the secret as its value. */
            header?: string | null;
            /** @description The secret. Sealed at once; no answer ever has it. */
            secret: string;
        };
        /** @description The gate's credential for one account of a target. */
        NewCredential: {
            /**
             * @description The account.
             * @example svc
             */
            account: string;
            /** @description What the secret is. */
            kind: components["schemas"]["CredentialKind"];
            /**
             * @description The OpenSSH private key or the password; nothing for a server that trusts the gate's user CA. Sealed at once; no
             *     answer ever has it.
             */
            secret?: string;
        };
        /** @description A destination to add. */
        NewDestination: {
            /** @description Whether it gets every event, not only alerts. */
            all_events?: boolean;
            /** @description PEM certificates that the receiver's own must lead to; without them, those that the gate's machine trusts. */
            ca?: string | null;
            /** @description The PEM certificate, with its chain, that a syslog collector is shown; its key is the secret. */
            client_certificate?: string | null;
            /**
             * @description Whom mail is from.
             * @example chaperone@hospital.example
             */
            from?: string | null;
            /** @description What it speaks. */
            kind: components["schemas"]["DestinationKind"];
            /**
             * @description What it is called.
             * @example soc
             */
            name: string;
            /**
             * @description Whether it gets what people are told about their change windows, and nothing for the SOC. Mail goes to each
             *     person's own address then.
             */
            notices?: boolean;
            /**
             * @description Sealed at once: a webhook's signing secret (`whsec_…` or any text), which every webhook has; the PEM key of a
             *     client certificate; or a mail server's password.
             */
            secret?: string | null;
            /** @description Whom alerts are mailed to. */
            to?: string[];
            /**
             * @description Where.
             * @example tls://siem.hospital.example:6514
             */
            url: string;
            /** @description The user name at the mail server; its password is the secret. */
            user?: string | null;
        };
        /** @description Where a person gets mail. */
        NewEmail: {
            /** @description The address; nothing to be told by mail no more. */
            email?: string | null;
        };
        /** @description An emergency window: whoever says this takes the call, and gives the first of its two words. */
        NewEmergency: {
            /** @description What is granted. */
            access: string[];
            /** @description Accounts on the targets; empty means each target's default. */
            accounts?: string[];
            /**
             * @description First instant outside.
             * @example +2h
             */
            closes: string;
            /** @description Whether an observer must be present while input flows. */
            observer_required?: boolean;
            /**
             * Format: int32
             * @description How long output still flows after `closes`, seconds.
             */
            overrun_seconds?: number;
            /** @description What has happened. */
            reason: string;
            /** @description Names of the targets. */
            targets: string[];
            /** @description Logins of the technicians, all of one vendor; the first is who asks. */
            technicians: string[];
            /** @description The incident's ticket. */
            ticket?: string | null;
        };
        /** @description Ways to reach a target, to add. */
        NewEndpoints: {
            /**
             * @description Why.
             * @default
             */
            reason: string;
            /**
             * @description Whether forwards that are declared already are replaced.
             * @default false
             */
            replace: boolean;
            /** @default null */
            ssh: components["schemas"]["NewSsh"] | null;
            /**
             * @description Declared forwards.
             * @default []
             */
            tcp: components["schemas"]["NewTcp"][];
        };
        /** @description A freeze to add. */
        NewFreeze: {
            /** @description First frozen instant. */
            from: string;
            /** @description Why. */
            reason: string;
            /** @description Names of the targets; empty means all. */
            targets?: string[];
            /** @description First instant that is not frozen any more. */
            until: string;
        };
        /** @description A new hold: evidence that is kept whatever its class says. */
        NewHold: {
            /** @description Of that only what happened then or later. */
            from?: string | null;
            /** @description What it keeps: `session`, `window`, `person`, `target`, `vendor`. */
            kind: string;
            /** @description Which: an id, a sign-in name, a server's or a company's name. */
            name: string;
            /** @description Why. */
            reason: string;
            /** @description Of that only what happened before. */
            to?: string | null;
        };
        /** @description Host keys that are proposed for a target: they count once another engineer has looked. */
        NewHostKeys: {
            /**
             * @description Whether they may sign host keys rather than be some.
             * @default false
             */
            authority: boolean;
            /**
             * @description One OpenSSH public key line each.
             * @default []
             */
            host_keys: string[];
            /**
             * @description Why.
             * @default
             */
            reason: string;
            /**
             * @description Whether the gate asks the server which keys it shows. Nothing secret is sent to it.
             * @default false
             */
            scan: boolean;
        };
        /** @description A key to enrol. */
        NewKey: {
            /** @description One OpenSSH public key line. */
            ssh_key: string;
            /** @description First instant it may no longer be used. */
            valid_until?: string | null;
            /** @description Whether its security key must verify who touches it (PIN or finger) each time; for `sk-` keys only. */
            verify_required?: boolean;
        };
        /** @description Old algorithms that a target may speak for a time. */
        NewLegacy: {
            /** @description Which: ssh-rsa, dh-group14-sha1, dh-group1-sha1, dh-gex-sha1, aes-cbc, hmac-sha1. None takes all of them back. */
            algorithms: string[];
            /** @description Why the server has nothing better. */
            reason: string;
            /**
             * @description First instant at which they are no longer spoken; at most two years ahead.
             * @example +90d
             */
            until?: string | null;
        };
        /** @description Networks that somebody may come from. */
        NewNetworks: {
            /** @description `ADDR/BITS` each; none means any. */
            source_networks: string[];
        };
        /** @description Whether an observer must be present while input flows. */
        NewObserver: {
            /** @description Why. */
            reason?: string;
            /** @description `true`: somebody must watch. */
            required: boolean;
        };
        /** @description A technician to enrol on the spot. */
        NewOnTheSpot: {
            /**
             * @description Sign-in name.
             * @example nora
             */
            login: string;
            /**
             * Format: int32
             * @description For how long, minutes; at most 240, which is the default.
             */
            minutes?: number | null;
            /** @description Name for people; the login where empty. */
            name?: string;
            /** @description Why, and who vouched for them. */
            reason: string;
            /** @description Their SSH public key, one OpenSSH line. */
            ssh_key: string;
            /** @description Name of the company that sends them. */
            vendor: string;
        };
        /** @description A person to enrol. */
        NewPerson: {
            /**
             * @description Where they are told what becomes of their change windows.
             * @example dana@meridian.example
             */
            email?: string | null;
            /**
             * @description Sign-in name.
             * @example dana
             */
            login: string;
            /** @description Name for people; the login where empty. */
            name?: string;
            /** @description Roles: `technician`, or with a scope `clinical-engineer@site:East`. */
            roles: string[];
            /**
             * Format: int32
             * @description How many sessions they may have at once.
             */
            session_limit?: number | null;
            /** @description Networks they may come from, `ADDR/BITS`; empty means any. */
            source_networks?: string[];
            /** @description SSH public keys, one OpenSSH line each. */
            ssh_keys?: string[];
            /** @description First instant they may sign in. */
            valid_from?: string | null;
            /** @description First instant they may no longer sign in. */
            valid_until?: string | null;
            /** @description Name of the company they work for; nothing for hospital staff. */
            vendor?: string | null;
        };
        /** @description A console that is reached without TLS. */
        NewPlainHttp: {
            /** @description Why it has nothing better. */
            reason: string;
            /**
             * @description First instant at which it is no longer reached: a year ahead at most.
             * @example +2160h
             */
            until: string;
        };
        /** @description Certificates that are believed no more, and why. */
        NewRevocation: {
            /** @description What they have in common. */
            by: components["schemas"]["RevokedBy"];
            /** @description Why. */
            reason: string;
            /**
             * @description Its value; a serial number in decimal.
             * @example 4711
             */
            value: string;
        };
        /** @description An SSH server to add. */
        NewSsh: {
            /** @description Accounts and their credentials; the first is the default. */
            accounts: components["schemas"]["NewCredential"][];
            /**
             * @description `HOST:PORT`; port 22 where it is left out.
             * @example 10.1.2.3:22
             */
            address: string;
            /** @description Further addresses of the same server, tried after the first. */
            also?: string[];
            /**
             * @description Host keys to pin, one OpenSSH public key line each. Without any they are proposed and approved afterwards, and
             *     nobody is let through before.
             */
            host_keys?: string[];
        };
        /** @description A target to add. */
        NewTarget: {
            /** @description What people want to know at a glance. */
            card?: components["schemas"]["CardView"];
            /** @description Whether bytes must be on stable storage before they go on. */
            durable?: boolean;
            /**
             * @description What technicians call it at the gate.
             * @example alaris-sm-01
             */
            name: string;
            /** @description Whether an observer must be present while input flows. */
            observer_required?: boolean;
            /**
             * Format: int32
             * @description How many sessions it may have at once.
             */
            session_limit?: number | null;
            ssh?: components["schemas"]["NewSsh"] | null;
            /** @description Its declared forwards. */
            tcp?: components["schemas"]["NewTcp"][];
            tls?: components["schemas"]["NewTls"] | null;
            /** @description How files come to it: `direct` (clients write them) or `staged` (by way of the gate, which scans them). */
            uploads?: string | null;
        };
        /** @description A declared forward to add. */
        NewTcp: {
            /** @description `HOST:PORT`, as seen from the gate. */
            address: string;
            /** @description What windows and technicians call it. */
            name: string;
            /** @description Whether what runs inside is encrypted, so that only the flow can be recorded. */
            opaque?: boolean;
        };
        /** @description A TLS service to add. */
        NewTls: {
            /** @description `HOST:PORT`. */
            address: string;
            client?: components["schemas"]["NewClientCertificate"] | null;
            /** @description Whether it is a web console. */
            http?: boolean;
            /** @description SHA-256 of public keys, one of which its certificate must have: hexadecimal or base64. */
            pins?: string[];
            plain_http?: components["schemas"]["NewPlainHttp"] | null;
            /** @description Name that its certificate must carry. */
            server_name: string;
            sign_in?: components["schemas"]["NewConsoleSignIn"] | null;
            /** @description PEM certificates to trust for it; nothing where a pinned key alone says who it is. */
            trust_pem?: string;
        };
        /** @description A wish to see what was typed in a visit. */
        NewUnmask: {
            /**
             * Format: int32
             * @description Of this channel alone.
             */
            channel?: number | null;
            /**
             * Format: int64
             * @description From this millisecond of the recording on.
             */
            from_ms?: number | null;
            /** @description Why; stored in the ledger, and what the second person reads. */
            reason: string;
            /** @description Id of the visit. */
            session: string;
            /**
             * Format: int64
             * @description Before this millisecond.
             */
            to_ms?: number | null;
        };
        /** @description How files come to a server from now on. */
        NewUploads: {
            /** @description Why. */
            reason?: string;
            /**
             * @description `direct`: clients write them; `staged`: they wait at the gate, are scanned, and the gate writes them.
             * @example staged
             */
            uploads: string;
        };
        /** @description A company to add. */
        NewVendor: {
            /**
             * @description Name, as contracts spell it.
             * @example Meridian Infusion
             */
            name: string;
            /** @description Networks its people may come from; empty means any. */
            source_networks?: string[];
            /** @description Login of the hospital's person who answers for it. */
            sponsor?: string | null;
            /** @description First instant its people may no longer visit. */
            valid_until?: string | null;
        };
        /** @description A window to ask for. */
        NewWindow: {
            /** @description What is granted: shell, exec, sftp-read, sftp-write, forward, forward-opaque, tls. */
            access: string[];
            /** @description Accounts on the targets; empty means each target's default. */
            accounts?: string[];
            /**
             * @description First instant outside.
             * @example +90m
             */
            closes: string;
            /** @description The files that will be uploaded: each upload by SFTP or scp is held against them. Without any, none is. */
            files?: components["schemas"]["PlannedFileView"][];
            /** @description Whether a clinical *go* is needed on the day. */
            go_required?: boolean;
            /** @description Whether an observer must be present while input flows. */
            observer_required?: boolean;
            /**
             * @description First instant inside: `now`, `+90m`, or RFC 3339.
             * @example now
             */
            opens: string;
            /**
             * Format: int32
             * @description How long output still flows after `closes`, seconds.
             */
            overrun_seconds?: number;
            /**
             * @description What for: patch, upgrade, repair, maintenance, library, configuration, inspection, emergency.
             * @example patch
             */
            purpose: string;
            /** @description In words. */
            reason?: string;
            /** @description Names of the targets. */
            targets: string[];
            /** @description Logins of the technicians, all of one vendor. */
            technicians: string[];
            /** @description The change ticket. */
            ticket?: string | null;
            /**
             * Format: int32
             * @description From the first session on, the work lasts at most this long, seconds.
             */
            work_limit_seconds?: number | null;
        };
        /** @description The authority that takes the place of another. */
        NextTlsAuthorityView: {
            /** @description Its SHA-256. */
            fingerprint: string;
            /**
             * Format: date-time
             * @description When it was made; it signs for technicians within seconds.
             */
            made: string;
            /** @description The certificate (PEM), for trust stores. */
            pem: string;
            /**
             * Format: date-time
             * @description From when on nothing is good any more that the first one signed for technicians.
             */
            retires_from: string;
            /**
             * Format: date-time
             * @description Its last second.
             */
            until: string;
        };
        /** @description Which console is to be opened. */
        OpenConsole: {
            /** @description The server; may be left out where the window has one with a console. */
            target?: string | null;
        };
        /** @description A person. */
        PersonView: {
            /** @description Where they get mail. */
            email?: string | null;
            /** @description Whether they can sign in on the web. */
            enrolled?: boolean;
            /**
             * Format: uuid
             * @description Identity.
             */
            id: string;
            /** @description SSH keys. */
            keys: components["schemas"]["KeyView"][];
            /**
             * Format: date-time
             * @description When they last signed in on the web.
             */
            last_sign_in?: string | null;
            /** @description Why they are locked; nothing when they are not. */
            locked?: string | null;
            /** @description Sign-in name. */
            login: string;
            /** @description Name for people. */
            name: string;
            /** @description Roles with their scopes. */
            roles: string[];
            /** @description Whether they have a second factor. */
            second_factor?: boolean;
            /** @description Networks they may come from; empty means any. */
            source_networks: string[];
            /** @description Login of who answers for them, where they were enrolled on the spot. */
            sponsor?: string | null;
            /**
             * Format: date-time
             * @description First instant they may sign in.
             */
            valid_from?: string | null;
            /**
             * Format: date-time
             * @description First instant they may no longer sign in.
             */
            valid_until?: string | null;
            /** @description Company. */
            vendor?: string | null;
        };
        /** @description A piece to play. */
        PieceView: {
            /**
             * Format: int32
             * @description Columns at its beginning.
             */
            columns: number;
            /** @description What follows: `[at_ms, "o" or "e", base64]`, or `[at_ms, "r", columns, rows]`. */
            events: Record<string, never>[][];
            /**
             * Format: int64
             * @description From when the next piece is to be had; nothing at the end.
             */
            next_ms?: number | null;
            /**
             * Format: int32
             * @description Rows at its beginning.
             */
            rows: number;
            /** @description What to draw first, base 64. */
            screen: string;
        };
        /** @description A console that is reached without TLS, by somebody's word and for a time. */
        PlainHttpView: {
            /** @description Why. */
            reason: string;
            /**
             * Format: date-time
             * @description First instant at which it is no longer reached.
             */
            until: string;
        };
        /** @description A file that a plan expects. */
        PlannedFileView: {
            /**
             * @description Its name, without a path.
             * @example patch-7.2.bin
             */
            name: string;
            /** @description SHA-256 of its content, as `sha256sum` prints it. */
            sha256: string;
        };
        /** @description A request that was not done. */
        Problem: {
            /** @description What a program can do about it: `step-up` asks for a second factor and repeats the request; `too-many` waits. */
            kind?: string | null;
            /** @description What to do next; may be empty. */
            next?: string;
            /** @description What the help desk can look up. */
            reference?: string | null;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The status in words (RFC 9457 §3.1.3). */
            title: string;
            /** @description What happened. */
            what: string;
        };
        /** @description An endpoint that a program of the technician's reaches on their own machine. */
        ProgramWay: {
            /** @description The name that the program looks for: a line in its hosts file leads it to the own machine. */
            name: string;
            /**
             * Format: int32
             * @description Port, there as here where it is free.
             */
            port: number;
            /** @description How it is recorded: `plain` (what passes, in the clear), `bytes`, or `flow` (encrypted inside: when and how much). */
            recorded: string;
            /** @description The server. */
            target: string;
            /** @description What it is: a web console, a TLS service, or the name of a declared forward. */
            what: string;
        };
        /** @description A host key that waits for a second pair of eyes. */
        ProposedKeyView: {
            /**
             * Format: date-time
             * @description Since when.
             */
            at: string;
            /** @description Whether it may sign host keys rather than be one. */
            authority: boolean;
            /** @description Who stands for it; nobody while the gate alone proposes it. */
            by?: string | null;
            /** @description As `ssh-keygen -l` prints it. */
            fingerprint: string;
            /** @description One OpenSSH public key line. */
            key: string;
            /** @description `given`, `scanned`, `announced` by the server itself, or `shown` in place of a pinned one. */
            origin: string;
            /** @description Why. */
            reason: string;
        };
        /** @description How long a fresh proof does. */
        ProvenUntil: {
            /**
             * Format: date-time
             * @description First instant at which it is asked for again.
             */
            until: string;
        };
        /** @description What fits, and what does not. */
        ReconcileView: {
            /**
             * Format: int64
             * @description Sign-ins that a visit explains.
             */
            explained: number;
            /** @description In which format the log was read. */
            format: string;
            /**
             * Format: int64
             * @description Lines or events in it.
             */
            lines: number;
            /** @description In words. */
            summary: string;
            /** @description Name of the server. */
            target: string;
            /**
             * Format: int64
             * @description How many of these were understood.
             */
            understood: number;
            /** @description Sign-ins that none does: each is a fact, and an alarm. The first two hundred. */
            unexplained: components["schemas"]["SignInView"][];
            /**
             * Format: int64
             * @description How many told of a sign-in and could not be read as one: they are compared with nothing.
             */
            unread: number;
            /** @description The first of these, by their lines. */
            unread_lines: number[];
            /** @description Visits without a sign-in. The first two hundred. */
            without_sign_in: components["schemas"]["UnseenVisit"][];
        };
        /** @description What verification found. */
        RecordingVerdict: {
            /** @description The first failure by its stable name; nothing when sound. */
            failure?: string | null;
            /**
             * Format: uuid
             * @description The session.
             */
            id: string;
            /** @description Whether everything asked for holds. */
            sound: boolean;
            /** @description In words. */
            summary: string;
            /** @description Everything found: bad place, seal, coverage, counts. */
            verdict: Record<string, never>;
        };
        /** @description A recording. */
        RecordingView: {
            /**
             * Format: date-time
             * @description When the session was admitted.
             */
            began: string;
            /** @description Final chain value, hex. */
            chain?: string | null;
            /** @description The weakest coverage of its channels. */
            coverage?: string | null;
            /** @description Why it is not more, in words. */
            coverage_why?: string | null;
            /**
             * Format: date-time
             * @description When the session ended.
             */
            ended?: string | null;
            /**
             * Format: uuid
             * @description The session it records.
             */
            id: string;
            /** @description Login. */
            person: string;
            /** @description Where it stands: `live`, `sealed`, `recovered`, `lost`, `none`, `expiring`, `deleted`. */
            state: string;
            /** @description Target's name. */
            target: string;
        };
        /** @description What nobody sees again. */
        RecoveryCodes: {
            /** @description Each stands in once for a code of the authenticator. */
            recovery_codes: string[];
        };
        /** @description An alert beside another. */
        RelatedView: {
            /**
             * Format: int64
             * @description How many attempts are grouped in it.
             */
            count: number;
            /**
             * Format: uuid
             * @description Identity.
             */
            id: string;
            /**
             * Format: date-time
             * @description When it last grew.
             */
            last_at: string;
            /** @description low, medium, high, critical. */
            severity: string;
            /** @description Verdict in words. */
            title: string;
        };
        /** @description A way to reach a target that there is no longer. */
        RemovedEndpoint: {
            /**
             * @description `ssh`, `tls`, or `tcp:NAME`.
             * @example tcp:db
             */
            endpoint: string;
            /** @description Why. */
            reason?: string;
        };
        /** @description Where a reset stands. */
        ResetView: {
            /** @description The new enrolment link, once it is done. */
            link?: string | null;
            /** @description `waiting-for-second` or `done`. */
            state: string;
            /** @description The role whose word is missing. */
            waiting_for?: string | null;
        };
        /** @description What a run of retention did, or would do. */
        RetainedView: {
            /**
             * Format: int64
             * @description Bytes of the recordings over their time.
             */
            bytes: number;
            /** @description Whether it only looked. */
            dry_run: boolean;
            /**
             * Format: int64
             * @description Of those, deleted now.
             */
            recordings_deleted: number;
            /**
             * Format: int64
             * @description Recordings over their time.
             */
            recordings_due: number;
            /**
             * Format: int64
             * @description Recordings that a hold keeps beyond their class's time.
             */
            recordings_held: number;
            /**
             * Format: int64
             * @description Recordings over their time whose file is not there.
             */
            recordings_missing: number;
            /** @description Why it did nothing, in words. */
            stopped?: string | null;
            /**
             * Format: int64
             * @description Of those, emptied now.
             */
            words_cleared: number;
            /**
             * Format: int64
             * @description Facts whose words are over their time.
             */
            words_due: number;
        };
        /** @description A run of retention. */
        RetentionRun: {
            /** @description Whether it only looks. */
            dry_run?: boolean;
            /** @description Why it is not left to the hour; stored in the ledger. */
            reason?: string;
        };
        /** @description How long evidence is kept. */
        RetentionView: {
            /** @description What they are assigned to. */
            assigned: components["schemas"]["AssignedView"][];
            /** @description Every class. */
            classes: components["schemas"]["ClassView"][];
            /** @description What waits for a second person. */
            waiting: components["schemas"]["WordView"][];
        };
        /** @description A wish to retire the authority whose place another takes. */
        RetireTlsAuthority: {
            /** @description Also while technicians may hold certificates of it, which are refused from then on: its key was stolen, say. */
            at_once?: boolean;
            /** @description Why. */
            reason?: string;
        };
        /** @description How a server is returned to service. */
        ReturnToService: {
            /**
             * @description `done`, `partly` or `backed-out`.
             * @example done
             */
            outcome: string;
            /** @description What was checked, and what is left. */
            reason: string;
        };
        /**
         * @description What a company's certificates are told apart by.
         * @enum {string}
         */
        RevokedBy: "serial" | "key-id" | "key";
        /** @description Certificates that are believed no more. */
        RevokedView: {
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description What they have in common. */
            by: components["schemas"]["RevokedBy"];
            /** @description Why. */
            reason: string;
            /** @description Login of whoever said so. */
            said_by: string;
            /** @description Its value. */
            value: string;
        };
        /** @description A line that has the phrase: a hint where to look. The recording is the evidence. */
        SearchHit: {
            /**
             * Format: date-time
             * @description When the line was first there.
             */
            at: string;
            /**
             * Format: int64
             * @description The same, in milliseconds from the recording's beginning.
             */
            at_ms: number;
            /**
             * Format: date-time
             * @description When the visit began.
             */
            began: string;
            /**
             * Format: int32
             * @description The channel's number.
             */
            channel: number;
            /** @description The page that replays that moment. */
            link: string;
            /** @description Login. */
            person: string;
            /**
             * @description Where it was seen: `screen`, `command` (a command line as the client sent it), `command-guess` (it stood behind a
             *     prompt), `file` (a file that was transferred).
             */
            seen: string;
            /**
             * Format: uuid
             * @description The visit.
             */
            session: string;
            /** @description The line, without control characters. */
            snippet: string;
            /** @description Server's name. */
            target: string;
        };
        /** @description A file that was sent ahead. */
        SentFileView: {
            /** @description What the scanner found, where it was refused. */
            found?: string | null;
            /**
             * Format: uuid
             * @description Identity.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description How it stands to the plan, where that names files: file-as-planned, file-other-content, file-not-planned. */
            planned?: string | null;
            /**
             * Format: date-time
             * @description When it was last released.
             */
            released?: string | null;
            /** @description Where to: server and path. */
            released_to?: string | null;
            /**
             * Format: date-time
             * @description When a scanner last found nothing in it.
             */
            scanned?: string | null;
            /** @description What looked at it, with its signatures. */
            scanner: string;
            /**
             * Format: date-time
             * @description When.
             */
            sent: string;
            /** @description Login of who sent it. */
            sent_by: string;
            /** @description SHA-256 of its bytes, in hexadecimal. */
            sha256: string;
            /**
             * Format: int64
             * @description How long it is.
             */
            size_bytes: number;
            /** @description Where it stands: clean, refused, withdrawn, discarded. */
            state: string;
        };
        /** @description A session. */
        SessionView: {
            /** @description Account on the target. */
            account?: string | null;
            /**
             * Format: date-time
             * @description When it was admitted.
             */
            admitted_at: string;
            /** @description Whether its input waits for somebody who watches. */
            awaits_observer?: boolean;
            /**
             * Format: date-time
             * @description Until when its window is open.
             */
            closes?: string | null;
            /** @description Why it ended. */
            end_reason?: string | null;
            /**
             * Format: date-time
             * @description When it ended.
             */
            ended_at?: string | null;
            /**
             * Format: uuid
             * @description Identity; names its recording too.
             */
            id: string;
            /** @description On which node. */
            node: string;
            /**
             * Format: int32
             * @description How many watch, on the node that was asked.
             */
            observers: number;
            /** @description The sessions of that visit in order, where there are several; only of one visit that is asked for. */
            parts?: string[];
            /** @description Whether input is paused. */
            paused: boolean;
            /** @description Login. */
            person: string;
            /** @description How they came: `ssh`, or `tls` for web consoles and programs of their own. */
            protocol?: string;
            /** @description Where its recording stands: `live`, `sealed`, `recovered`, `lost`, `none`. */
            recording: string;
            /** @description Whether its recording is sealed. */
            sealed: boolean;
            /** @description Where from. */
            source: string;
            /**
             * Format: date-time
             * @description When it started.
             */
            started_at?: string | null;
            /** @description Where it stands: `admitted`, `live`, `ended`, `sealed`, `lost`, `never-started`. */
            state: string;
            /** @description Target's name. */
            target: string;
            /** @description Vendor's name. */
            vendor?: string | null;
            /**
             * Format: uuid
             * @description The visit that it is a part of, by the id of its first session: another than its own when its technician came back
             *     after a lost connection.
             */
            visit: string;
            /**
             * @description The page where it can be watched, where it lives on another node than the one that was asked; only of one visit that is
             *     asked for.
             */
            watched_at?: string | null;
            /**
             * Format: uuid
             * @description Window it is in.
             */
            window?: string | null;
        };
        /** @description Who signs in, and with what. */
        SignIn: {
            /** @description Six digits of the authenticator, or a recovery code. */
            code: string;
            /** @description Sign-in name. */
            login: string;
            /** @description Password. */
            password: string;
        };
        /** @description A sign-in that the server wrote down. */
        SignInView: {
            /** @description As which account. */
            account: string;
            /**
             * Format: date-time
             * @description When; nothing where the log says no times.
             */
            at?: string | null;
            /** @description How, in the log's words. */
            how: string;
            /**
             * Format: int64
             * @description The line of the log, from 1.
             */
            line: number;
            /** @description Address, and port where the log says it. */
            source?: string | null;
        };
        /** @description One technician in place of another. */
        Substitute: {
            /** @description Login of who comes. */
            in: string;
            /** @description Login of who does not come. */
            out: string;
        };
        /** @description A target. */
        TargetView: {
            /** @description At a glance. */
            card: components["schemas"]["CardView"];
            /** @description Whether bytes must be on stable storage before they go on. */
            durable: boolean;
            /** @description How it is reached. */
            endpoints: components["schemas"]["EndpointView"][];
            /**
             * Format: uuid
             * @description Identity.
             */
            id: string;
            /** @description Why it is locked; nothing when it is not. */
            locked?: string | null;
            /** @description Name at the gate. */
            name: string;
            /** @description Whether an observer must be present. */
            observer_required: boolean;
            /** @description Host keys that wait for a second pair of eyes. */
            proposed_keys: components["schemas"]["ProposedKeyView"][];
            /** @description How files come to it: direct, or staged at the gate. */
            uploads: string;
            /** @description What whoever has sealed a secret should know of it; only in the answer to that. */
            warnings?: string[];
        };
        /** @description A channel of a recording. */
        TimelineChannel: {
            /**
             * Format: int64
             * @description When it opened.
             */
            began_ms: number;
            /**
             * Format: int64
             * @description Payload bytes from the technician.
             */
            bytes_in: number;
            /**
             * Format: int64
             * @description Payload bytes to the technician.
             */
            bytes_out: number;
            /**
             * Format: int32
             * @description Columns at its opening.
             */
            columns: number;
            /** @description The command, if it runs one. */
            command?: string | null;
            /** @description What was captured of it: `captured`, `flow-only`, … */
            coverage?: string | null;
            /**
             * Format: int64
             * @description When it closed.
             */
            ended_ms?: number | null;
            /**
             * Format: int64
             * @description Its exit status.
             */
            exit?: number | null;
            /**
             * Format: int32
             * @description Its number.
             */
            id: number;
            /** @description `shell`, `exec`, … */
            kind: string;
            /**
             * Format: int32
             * @description Rows at its opening.
             */
            rows: number;
            /** @description Whether it has a terminal. */
            terminal: boolean;
            /** @description Why it is not more, in words. */
            why?: string | null;
        };
        /** @description A moment to jump to. */
        TimelineMarker: {
            /**
             * Format: int64
             * @description When.
             */
            at_ms: number;
            /**
             * Format: int32
             * @description The channel; nothing for the whole visit.
             */
            channel?: number | null;
            /** @description `start`, `command`, `resize`, `warning`, `pause`, `resume`, `stop`, `alert`, `note`, `end`. */
            kind: string;
            /** @description In words. */
            text: string;
        };
        /** @description What there is to play. Times are milliseconds from the beginning. */
        TimelineView: {
            /**
             * Format: date-time
             * @description When it began.
             */
            began: string;
            /** @description Where it ceases to be sound, in words. */
            broken?: string | null;
            /** @description Its channels. */
            channels: components["schemas"]["TimelineChannel"][];
            /**
             * Format: int64
             * @description Its length.
             */
            duration_ms: number;
            /** @description Stretches without output. */
            idle: components["schemas"]["Idle"][];
            /** @description Whether it still grows. */
            live: boolean;
            /** @description Moments to jump to. */
            markers: components["schemas"]["TimelineMarker"][];
            /**
             * Format: uuid
             * @description The visit.
             */
            session: string;
            /** @description Whether output was left out, because there is more than a player takes; an export has all of it. */
            shortened: boolean;
        };
        /** @description The authority that vouches for the gate and for technicians who come by TLS. */
        TlsAuthorityView: {
            /** @description Its SHA-256, as browsers and `openssl x509 -fingerprint -sha256` show it. */
            fingerprint: string;
            next?: components["schemas"]["NextTlsAuthorityView"] | null;
            /** @description The certificate (PEM), for trust stores. */
            pem: string;
            /**
             * Format: date-time
             * @description Its last second.
             */
            until: string;
        };
        /** @description How to come to web consoles, and with programs of one's own. */
        TlsWays: {
            /** @description Servers with a web console, to be opened in a browser. */
            consoles: string[];
            /** @description The line that opens every endpoint on the technician's own machine, until the window ends. */
            line: string;
            /** @description What it opens there. */
            programs: components["schemas"]["ProgramWay"][];
        };
        /** @description What became of the word of one of two people. */
        TogetherView: {
            /** @description Whether it is done; else another person is waited for. */
            done: boolean;
            /** @description What happens next. */
            next: string;
            word?: components["schemas"]["WordView"] | null;
        };
        /** @description A file that passed in a transaction. */
        TransactionFile: {
            /**
             * Format: int64
             * @description Its length.
             */
            bytes: number;
            /** @description The content coding that was left on it, where it does not open within bounds; length and hash are of what passed. */
            coding?: string | null;
            /** @description `upload` or `download`. */
            direction: string;
            /** @description Its name, as it came. */
            name: string;
            /** @description Its SHA-256, hex; nothing where it did not pass whole. */
            sha256?: string | null;
        };
        /** @description A transaction that is opened, with its heads. */
        TransactionOpened: {
            /** @description Messages of an upgraded connection. */
            messages: components["schemas"]["WebSocketMessage"][];
            /** @description Whether there are more. */
            more_messages: boolean;
            /** @description The request's header fields, as the client sent them, but for values that sign somebody in. */
            request_headers: components["schemas"]["HeaderField"][];
            /** @description The request's version of HTTP. */
            request_version: string;
            /** @description The answer's header fields, as the target sent them, but for values of cookies. */
            response_headers: components["schemas"]["HeaderField"][];
            /** @description The answer's version of HTTP. */
            response_version?: string | null;
            /** @description Its row. */
            transaction: components["schemas"]["TransactionView"];
        };
        /** @description The table of a visit's transactions, or a page of it. */
        TransactionsView: {
            /**
             * Format: int64
             * @description How many of them have what was looked for.
             */
            found: number;
            /**
             * Format: int64
             * @description What to ask for as `after` for the next page; nothing at the end.
             */
            next?: number | null;
            /** @description Whether there are more than the table keeps; an export has all of them. */
            shortened: boolean;
            /**
             * Format: int64
             * @description How many the visit has.
             */
            total: number;
            /** @description A page of those, by when they began. */
            transactions: components["schemas"]["TransactionView"][];
        };
        /** @description One transaction: a request and what came of it. */
        TransactionView: {
            /**
             * Format: date-time
             * @description When it was asked.
             */
            at: string;
            /**
             * Format: int64
             * @description The same, in milliseconds from the recording's start.
             */
            at_ms: number;
            /** @description The name of the credential that the gate put in, which is not recorded. */
            credential?: string | null;
            /** @description Files that passed in it. */
            files: components["schemas"]["TransactionFile"][];
            /** @description Why the gate answered in the target's place; nothing where it did not. */
            gate?: string | null;
            /** @description Media type of the answer. */
            media: string;
            /** @description GET, POST, … */
            method: string;
            /**
             * Format: int64
             * @description Its number in the visit, as its events have it.
             */
            number: number;
            /** @description `complete`, `aborted`, `broken`, `cut`, or `unfinished`. */
            outcome: string;
            /**
             * Format: int64
             * @description Its place in the table.
             */
            place: number;
            /**
             * Format: int64
             * @description Bytes of the answer's body.
             */
            received: number;
            /** @description Their SHA-256, hex. */
            received_sha256?: string | null;
            /**
             * Format: int64
             * @description Bytes of the request's body.
             */
            sent: number;
            /** @description Their SHA-256, hex. */
            sent_sha256?: string | null;
            /**
             * Format: int32
             * @description Status code; nothing where no answer came.
             */
            status?: number | null;
            /**
             * Format: int64
             * @description How long it took; nothing where it did not end.
             */
            took_ms?: number | null;
            /** @description The protocol that the connection went on in, such as websocket. */
            upgraded?: string | null;
            /** @description The URL. */
            url: string;
            /** @description Whether both bodies are in the recording whole. */
            whole: boolean;
        };
        /** @description A visit that the server's log does not have. */
        UnseenVisit: {
            /** @description Login. */
            person: string;
            /** @description Id of the visit. */
            session: string;
            /**
             * Format: date-time
             * @description When it began.
             */
            started: string;
        };
        /** @description The CA whose certificates the gate signs in with. */
        UserCaView: {
            /** @description The line of the CA that takes its place: a server is to have both until the first is retired. */
            next?: string | null;
            /** @description The line for the file that a server's `TrustedUserCAKeys` names. */
            public: string;
        };
        /** @description A company. */
        VendorView: {
            /**
             * Format: uuid
             * @description Identity.
             */
            id: string;
            /** @description Why it is locked; nothing when it is not. */
            locked?: string | null;
            /** @description Name. */
            name: string;
            /** @description Logins of its people. */
            people: string[];
            /** @description Networks its people may come from; empty means any. */
            source_networks: string[];
            /** @description Login of the sponsor. */
            sponsor?: string | null;
            /**
             * Format: date-time
             * @description First instant its people may no longer visit.
             */
            valid_until?: string | null;
        };
        /** @description What to recompute the ledger against. */
        VerifyLedger: {
            /** @description Signed notes that somebody else has kept, such as the SOC. */
            checkpoints?: string[];
            /** @description Whether the answer tells how far it is: a JSON object a line, the last with `verdict` or `problem`. */
            progress?: boolean;
            /** @description Why, in words. Stored in the ledger. */
            reason?: string;
        };
        /** @description A message of an upgraded connection. */
        WebSocketMessage: {
            /**
             * Format: int64
             * @description When its last byte passed, in milliseconds from the recording's start.
             */
            at_ms: number;
            /**
             * Format: int64
             * @description Its length, as far as it is kept.
             */
            bytes: number;
            /** @description Whether there is more of it. */
            cut: boolean;
            /** @description The beginning of it, base 64. */
            data: string;
            /** @description `client` or `target`. */
            from: string;
            /**
             * Format: int32
             * @description 1 text, 2 binary, 8 close, 9 ping, 10 pong.
             */
            opcode: number;
        };
        /** @description What somebody should know who decides about a window. */
        WindowCard: {
            /** @description Freezes of theirs that day. */
            freezes: components["schemas"]["FreezeView"][];
            /** @description What will not be recorded, in plain words. */
            not_recorded: string[];
            /** @description What will be recorded, in plain words. */
            recorded: string[];
            /** @description What else is planned on them that day. */
            same_day: components["schemas"]["WindowView"][];
            /** @description Its servers. */
            targets: components["schemas"]["TargetView"][];
        };
        /** @description A window. */
        WindowView: {
            /** @description What is granted. */
            access: string[];
            /** @description Accounts; empty means each target's default. */
            accounts: string[];
            /** @description Who has said yes. */
            approvals: components["schemas"]["ApprovalView"][];
            /** @description Logins of technicians who have not accepted yet. */
            awaiting_acceptance: string[];
            /** @description Logins of substitutes whom an engineer has not confirmed yet. */
            awaiting_substitution: string[];
            /**
             * Format: date-time
             * @description First instant outside.
             */
            closes: string;
            decision?: components["schemas"]["DecisionView"] | null;
            /** @description The files that the plan expects to be uploaded. */
            files?: components["schemas"]["PlannedFileView"][];
            /** @description Login of who gave it. */
            go_by?: string | null;
            /** @description Whether a clinical go is needed on the day. */
            go_required: boolean;
            /**
             * Format: uuid
             * @description Identity.
             */
            id: string;
            /** @description Approvals that are still missing. */
            missing?: components["schemas"]["MissingView"][];
            more_time?: components["schemas"]["MoreTimeView"] | null;
            /** @description Whether an observer must be present. */
            observer_required: boolean;
            /**
             * Format: date-time
             * @description First instant inside.
             */
            opens: string;
            /** @description How its technician left the server: done, partly, backed-out. */
            outcome?: string | null;
            /**
             * Format: int64
             * @description How long output still flows after `closes`, seconds.
             */
            overrun_seconds: number;
            /** @description What for. */
            purpose: string;
            /** @description In words. */
            reason: string;
            /**
             * Format: date-time
             * @description When it was asked for.
             */
            requested_at: string;
            /** @description Login of who asked. */
            requester: string;
            /** @description Login of who said so. */
            returned_by?: string | null;
            /**
             * Format: date-time
             * @description Opened as an emergency: to be reviewed by this instant.
             */
            review_by?: string | null;
            /** @description Login of who has reviewed the evidence of its visits. */
            reviewed_by?: string | null;
            /** @description Where it stands now: requested, approved, open, closed, reviewed, denied, withdrawn, revoked, expired. */
            state: string;
            /** @description Names of the targets. */
            targets: string[];
            /** @description Logins of who may connect. */
            technicians: string[];
            /** @description The change ticket. */
            ticket?: string | null;
            /** @description Vendor's name. */
            vendor: string;
            /**
             * Format: int64
             * @description How many visits it has had.
             */
            visits?: number;
            /** @description What a planner should know, such as overlaps; only in the answer to a request or a move. */
            warnings?: string[];
            /**
             * Format: date-time
             * @description When the first session began.
             */
            work_began?: string | null;
            /**
             * Format: int64
             * @description Longest work, seconds.
             */
            work_limit_seconds?: number | null;
        };
        /** @description Which authority is withdrawn, and why. */
        WithdrawnAuthority: {
            /** @description As `ssh-keygen -l` prints it. */
            fingerprint: string;
            /** @description Why. */
            reason: string;
        };
        /** @description Which key is withdrawn, and why. */
        WithdrawnKey: {
            /** @description As `ssh-keygen -l` prints it. */
            fingerprint: string;
            /** @description Why. */
            reason: string;
        };
        /** @description One person's word that something be done which takes two, and what became of it. */
        WordView: {
            /** @description What takes two: `unmask-input`, `lift-hold`, `shorten-retention`. */
            act: string;
            /**
             * Format: date-time
             * @description When.
             */
            answered?: string | null;
            /** @description Login of who has answered. */
            answered_by?: string | null;
            /**
             * Format: date-time
             * @description When.
             */
            asked: string;
            /** @description Login of who asks. */
            asked_by: string;
            /** @description What exactly. */
            detail: Record<string, never>;
            /**
             * Format: date-time
             * @description First instant in which it is worth nothing.
             */
            expires: string;
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /** @description Why. */
            reason: string;
            /** @description `asked`, `agreed`, `refused`, `withdrawn`, `expired`, `spent`. */
            state: string;
            /** @description What it is done to: a visit, a hold, a class. */
            subject: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
