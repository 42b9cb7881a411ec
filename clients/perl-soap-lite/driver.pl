#!/usr/bin/perl
# SOAP::Lite without a WSDL, in the partner dialect.
use strict;
use warnings;
use SOAP::Lite;

use constant {
    PARTNER => 'urn:partner.soap.sforce.com',
    RECORDS => 'urn:sobject.partner.soap.sforce.com',
    USER    => 'alice@acme.com',
    SOBJECT => 'CollaborationInvitation',
    FIELDS  => 'Id, InvitedUserEmail, Status',
};

my $run        = sprintf 'run%06x%06x', rand 2**24, rand 2**24;
my @colleagues = map { sprintf '%s.%03d@acme.com', $run, $_ } 0 .. 199;
my $one_more   = "$run.200\@acme.com";
my $soap       = SOAP::Lite->new( proxy => "$ARGV[0]/services/Soap/u/66.0", on_action => sub { '""' } );
my ( @headers, $me, $first, $locator );
$soap->autotype(0)->on_fault( sub { my $met = pop; die ref $met ? $met : "$met\n" } );

# The actual value; dies unless it is the expected one.
sub same {
    my ( $expected, $actual ) = @_;
    die "expected $expected, got $actual\n" unless defined $actual && $expected eq $actual;
    return $actual;
}

sub header {
    my ( $name, $child, $value ) = @_;
    my $inner = SOAP::Data->name( $child => $value )->uri(PARTNER)->prefix('p');
    return SOAP::Header->name( $name => \SOAP::Data->value($inner) )->uri(PARTNER)->prefix('p');
}

# The answer to a call. Parameters are pairs of name and value.
sub ask {
    my ( $name, @pairs ) = @_;
    my @parameters;
    while ( my ( $parameter, $value ) = splice @pairs, 0, 2 ) {
        push @parameters, SOAP::Data->name( $parameter => $value )->uri(PARTNER)->prefix('p');
    }
    my $method = SOAP::Data->name($name)->uri(PARTNER)->prefix('p');
    return $soap->call( $method => @parameters, @headers );
}

# What a call answers: one result or several.
sub results { return ask(@_)->paramsall }

sub invitation {
    my ($address) = @_;
    my @fields = ( type => SOBJECT, SharedEntityId => $me, InvitedUserEmail => $address );
    my @elements;
    while ( my ( $field, $value ) = splice @fields, 0, 2 ) {
        push @elements, SOAP::Data->name( $field => $value )->uri(RECORDS)->prefix('o');
    }
    return ( sObjects => \SOAP::Data->value(@elements) );
}

sub create { return results( create => map { invitation($_) } @_ ) }

my %steps = (
    login => sub {
        my ($result) = results( login => username => USER, password => 'orgbox1!' );
        $soap->proxy( $result->{serverUrl} );
        @headers = ( header( SessionHeader => sessionId => $result->{sessionId} ) );
        $me = $result->{userId};
        return same( USER, $result->{userInfo}{userName} );
    },
    invite => sub {
        return same( 200, scalar grep { $_->{success} eq 'true' } create(@colleagues) ) . ' colleagues';
    },
    refused => sub {
        my ( $refused, $saved ) = create( "$run\@external.com", $one_more );
        same( 'false true', "$refused->{success} $saved->{success}" );
        same( InvitedUserEmail => $refused->{errors}{fields} );
        return same( FIELD_INTEGRITY_EXCEPTION => $refused->{errors}{statusCode} );
    },
    query => sub {
        push @headers, header( QueryOptions => batchSize => 200 );
        my $like   = "InvitedUserEmail LIKE '$run%' ORDER BY InvitedUserEmail";
        my $answer = ask( query => queryString => 'SELECT ' . FIELDS . ' FROM ' . SOBJECT . " WHERE $like" );
        my @found  = map { $_->{InvitedUserEmail} } $answer->valueof('//queryResponse/result/records');
        same( "@colleagues", "@found" );
        same( 'false', $answer->result->{done} );
        $locator = $answer->result->{queryLocator};
        my ($record) = $answer->valueof('//queryResponse/result/records');
        $first = $record->{Id}[0];    # Id stands twice in records of the partner dialect
        return '200 of ' . same( 201, $answer->result->{size} );
    },
    queryMore => sub {
        my ($rest) = results( queryMore => queryLocator => $locator );
        pop @headers;
        same( 'true', $rest->{done} );
        return same( $one_more, $rest->{records}{InvitedUserEmail} );
    },
    retrieve => sub {
        my ($record) = results( retrieve => fieldList => FIELDS, sObjectType => SOBJECT, ids => $first );
        same( $colleagues[0], $record->{InvitedUserEmail} );
        return same( Sent => $record->{Status} );
    },
    describe => sub {
        my ($described) = results( describeSObject => sObjectType => SOBJECT );
        same( 'true false', "$described->{createable} $described->{updateable}" );
        return same( '0H1', $described->{keyPrefix} );
    },
    delete => sub {
        my ($deleted) = results( delete => ids => $first );
        same( 'true', $deleted->{success} );
        return same( $first, $deleted->{id} );
    },
    logout  => sub { ask('logout'); return 'signed out' },
    expired => sub {
        my $fault = eval { ask('getUserInfo'); 1 } ? die "the session still works\n" : $@;
        same( INVALID_SESSION_ID => $fault->faultdetail->{UnexpectedErrorFault}{exceptionCode} );
        return same( 'sf:INVALID_SESSION_ID', $fault->faultcode ) . ' as ' . ref $fault;
    },
);

$| = 1;
print "client partner SOAP::Lite $SOAP::Lite::VERSION\n";
my $failed = 0;
for my $step (qw(login invite refused query queryMore retrieve describe delete logout expired)) {
    my $saw = eval { $steps{$step}->() };
    if ( defined $saw ) { print "ok $step $saw\n"; next }
    my $error = ref $@ ? $@->faultstring : $@;
    $failed = 1;
    print 'FAIL ', $step, ' ', $error =~ tr/\n/ /r, "\n";
}
exit $failed;
