"""moto's S3 as a server, which can be told to be out of order.

python object_store.py PORT FILE     answers 503 as long as FILE is there
"""

import sys
from pathlib import Path

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

UNAVAILABLE = b"<Error><Code>ServiceUnavailable</Code><Message>Out of order.</Message></Error>"


def main(port, outage):
    store = DomainDispatcherApplication(create_backend_app)

    def serve(environ, start_response):
        if outage.exists():
            start_response("503 Service Unavailable", [("Content-Type", "application/xml")])
            return [UNAVAILABLE]
        return store(environ, start_response)

    run_simple("127.0.0.1", port, serve, threaded=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
